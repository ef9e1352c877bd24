# BUILD_BASE: a JDK 25 with Maven. RUNTIME_BASE: a JRE or JDK 25 with bash, groupadd and useradd (so not Alpine).
# The AOT cache is made in the runtime base and fits only it: a new base, a new build.
ARG BUILD_BASE=docker.io/library/maven:3-eclipse-temurin-25
ARG RUNTIME_BASE=docker.io/library/eclipse-temurin:25-jre

FROM ${BUILD_BASE} AS build
WORKDIR /build
COPY pom.xml openapi.yaml ./
COPY src ./src
RUN mvn -B -q -Dmaven.test.skip=true package

FROM ${RUNTIME_BASE} AS runtime
RUN groupadd --gid 10001 relay \
 && useradd --uid 10001 --gid relay --no-create-home --home-dir /app --shell /usr/sbin/nologin relay
WORKDIR /app
# Libraries change seldom, classes often: two layers. What only the embedded database needs stays out.
COPY --from=build /build/target/lib ./lib
COPY --from=build /build/target/deletion-relay.jar ./

# One start without a database, ended by SIGTERM, teaches the JVM which classes a start needs (JEP 514).
# It never becomes ready; listeners, pool and crypto are loaded all the same.
RUN java -jar /app/deletion-relay.jar keys generate /tmp/keyring.json \
 && (KEYRING_FILE=/tmp/keyring.json DATABASE_URL=postgres://nobody@127.0.0.1:1/none PUBLIC_URL=https://relay.example.com PORT=0 MANAGEMENT_PORT=0 \
     java -XX:+UseParallelGC -XX:AOTCacheOutput=/app/relay.aot -Xlog:aot=error -jar /app/deletion-relay.jar serve & pid=$! ; sleep 10 ; kill -TERM $pid ; wait $pid ; test $? = 143) \
 && test -s /app/relay.aot \
 && rm -r /tmp/keyring.json /tmp/hsperfdata_root

USER 10001:10001
ENV MANAGEMENT_HOST=0.0.0.0 \
    JAVA_TOOL_OPTIONS="-XX:+UseParallelGC -XX:AOTCache=/app/relay.aot -XX:MaxRAMPercentage=60 -XX:+ExitOnOutOfMemoryError"
EXPOSE 8080 9090
# The shell's own TCP: the runtime needs no curl.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MANAGEMENT_PORT:-9090} && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["java", "-jar", "/app/deletion-relay.jar"]
CMD ["serve"]

# Any JDK 25 image with Maven, and any JRE or JDK 25 image of the same JDK build: the AOT cache is bound to it.
ARG BUILD_BASE=docker.io/library/maven:3-eclipse-temurin-25
ARG RUNTIME_BASE=docker.io/library/eclipse-temurin:25-jre

FROM ${BUILD_BASE} AS build
WORKDIR /build
COPY pom.xml ./
RUN mvn -B -q dependency:go-offline || true
COPY openapi.yaml ./
COPY src ./src
RUN mvn -B -q -DskipTests package

FROM ${RUNTIME_BASE} AS runtime
RUN useradd --system --uid 10001 --user-group --home-dir /app --shell /usr/sbin/nologin relay
WORKDIR /app
# Libraries change seldom, classes often: two layers. What only the embedded database needs stays out.
COPY --from=build /build/target/lib ./lib
COPY --from=build /build/target/deletion-relay.jar ./

# One start without a database, ended by SIGTERM, teaches the JVM which classes a start needs (JEP 514).
# It never becomes ready; listeners, pool and crypto are loaded all the same.
RUN java -jar /app/deletion-relay.jar keys generate /tmp/keyring.json \
 && (KEYRING_FILE=/tmp/keyring.json DATABASE_URL=postgres://nobody@127.0.0.1:1/none PORT=0 MANAGEMENT_PORT=0 \
     java -XX:+UseG1GC -XX:AOTCacheOutput=/app/relay.aot -Xlog:aot=error -jar /app/deletion-relay.jar serve & pid=$! ; sleep 10 ; kill -TERM $pid ; wait $pid || true) \
 && test -s /app/relay.aot \
 && rm /tmp/keyring.json

USER 10001:10001
ENV MANAGEMENT_HOST=0.0.0.0 \
    JAVA_TOOL_OPTIONS="-XX:+UseG1GC -XX:AOTCache=/app/relay.aot -XX:MaxRAMPercentage=60 -XX:+ExitOnOutOfMemoryError"
EXPOSE 8080 9090
# The shell's own TCP: the runtime needs no curl.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["java", "-jar", "/app/deletion-relay.jar"]
CMD ["serve"]

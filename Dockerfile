# syntax=docker/dockerfile:1
# BUILD_BASE: a JDK 25 with Maven. RUNTIME_BASE: a JRE or JDK 25 with bash, groupadd and useradd (so not Alpine).
# The AOT cache is made in the runtime base and fits only it: a new base, a new build. Name bases by digest for a
# build that can be repeated: --build-arg RUNTIME_BASE=docker.io/library/eclipse-temurin@sha256:...
ARG BUILD_BASE=docker.io/library/maven:3-eclipse-temurin-25
ARG RUNTIME_BASE=docker.io/library/eclipse-temurin:25-jre

# Java's classes are the same everywhere: they are built where the builder runs.
FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS build
WORKDIR /build
COPY pom.xml openapi.yaml ./
COPY src ./src
# What was downloaded once stays with the builder. Files get the time of the project, so that layers are the same.
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -q -Dmaven.test.skip=true package \
 && time=$(sed -n 's|.*<project.build.outputTimestamp>\(.*\)</project.build.outputTimestamp>.*|\1|p' pom.xml) \
 && test -n "$time" \
 && find target/lib target/lib-embedded target/deletion-relay.jar -exec touch -d "$time" {} +

FROM ${RUNTIME_BASE} AS base
RUN groupadd --gid 10001 relay \
 && useradd --uid 10001 --gid relay --no-create-home --home-dir /app --shell /usr/sbin/nologin relay
WORKDIR /app
# Libraries change seldom, classes often: a layer each.
COPY --from=build /build/target/lib ./lib
COPY --from=build /build/target/deletion-relay.jar ./

# One start teaches the JVM which classes a start needs (JEP 514): with a database, so that the driver, the
# migrations and the registry are among them. The embedded one serves, and stays out of the image.
FROM base AS trained
COPY --from=build /build/target/lib-embedded /train/lib-embedded
COPY src/image/train /train/
RUN ln -s /app/lib /train/lib && cp -p deletion-relay.jar /train/ && mkdir /made && chown relay /made
USER 10001:10001
RUN bash /train/train

FROM base AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Deletion Relay" \
      org.opencontainers.image.description="Takes Meta's data deletion callbacks and sees to it that every system deletes" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.vendor="Cart Back"
COPY --from=trained /made/relay.aot ./
COPY src/image/java.opts ./

USER 10001:10001
ENV MANAGEMENT_HOST=0.0.0.0
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# The shell's own TCP: the runtime needs no curl.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MANAGEMENT_PORT:-9090} && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
# The flags stand here and not in JAVA_TOOL_OPTIONS: that is the operator's.
ENTRYPOINT ["java", "@/app/java.opts", "-jar", "/app/deletion-relay.jar"]
CMD ["serve"]

# docker build -t huoma .   The image holds what the Debian package holds.
FROM debian:12-slim AS build
WORKDIR /src
COPY script/bootstrap script/bootstrap
RUN apt-get update && apt-get install -y --no-install-recommends dpkg-dev file && script/bootstrap serve
COPY . .
RUN script/build release && cpack --config build/release/CPackConfig.cmake -B /out

FROM debian:12-slim
COPY --from=build /out/huoma_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/huoma_*.deb && rm -rf /tmp/huoma_*.deb /var/lib/apt/lists/*
USER huoma
ENV HUOMA_DATA_DIR=/var/lib/huoma HUOMA_LISTEN=0.0.0.0:8080 HUOMA_ADMIN_LISTEN=0.0.0.0:8081
VOLUME /var/lib/huoma
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["huoma", "check"]
ENTRYPOINT ["huoma"]
CMD ["serve"]

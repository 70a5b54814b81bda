# The shop as a container: docker build -t simfront . && docker run --env-file shop.env -p 127.0.0.1:3000:3000 simfront
# It brings no PostgreSQL: DATABASE_URL names one, and PUBLIC_URL the address that customers see.

FROM rust:1.95-bookworm AS builder
WORKDIR /build
# The dependencies first, around an empty program: a change of the shop's own code does not compile them again.
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo .cargo
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin simfront \
    && rm -r src
COPY . .
RUN touch src/main.rs src/lib.rs && cargo build --release --locked --bin simfront

FROM debian:bookworm-slim AS runtime
# Certificates of authorities, for the ways to eSIMDual, Stripe and the mail server.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin simfront \
    && install -d -m 700 -o simfront -g simfront /data
COPY --from=builder /build/target/release/simfront /usr/local/bin/simfront
# A number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /data
ENV DATA_DIR=/data \
    PRIVATE_POSTGRES=false \
    BIND_ADDR=0.0.0.0:3000 \
    LOG_FORMAT=json
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/local/bin/simfront", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/simfront"]
CMD ["serve"]

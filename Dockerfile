# syntax=docker/dockerfile:1
# One image, two commands: the API (the default) and a worker (`node src/main/worker.ts`).

FROM node:24.21.0-bookworm-slim AS dashboard
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: this image is the Node that one of them would bring.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY openapi ./openapi
COPY src ./src
COPY dashboard ./dashboard
RUN npm run build:dashboard

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
# git: workspaces from repositories, and merged edits. bubblewrap: the sandbox of the command executor.
# tini: signals reach Node, and what a task's process leaves behind is reaped.
# Versions are Debian's of the day: a pinned one is gone from its mirrors after the next fix.
RUN apt-get update \
  && apt-get install -y --no-install-recommends bubblewrap ca-certificates git tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
ENV NODE_ENV=production TUTTI_DATA_DIR=/data NODE_COMPILE_CACHE=/tmp/node-compile-cache
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY schemas ./schemas
COPY openapi ./openapi
COPY src ./src
COPY --from=dashboard /app/dashboard/dist ./dashboard/dist
USER node
VOLUME ["/data"]
EXPOSE 3000
# The API's. A worker answers no such question, so whoever runs one switches it off.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node's own process, no shell and no npm between: SIGTERM must reach it for a shutdown in order.
ENTRYPOINT ["tini", "--"]
CMD ["node", "src/main/serve.ts"]

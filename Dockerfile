# The worker. Build: docker build -t asset-lifecycle . ; run it with TEMPORAL_ADDRESS and a provider's credentials set.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

# Debian, not Alpine: Temporal's native core needs glibc.
FROM node:20-bookworm-slim
ENV NODE_ENV=production
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /results /media
WORKDIR /app
COPY --from=build --chown=node:node /app/package.json ./
COPY --from=build --chown=node:node /app/node_modules ./node_modules
COPY --from=build --chown=node:node /app/dist ./dist
USER node
ENV ASSET_LIFECYCLE_RESULTS=/results ASSET_LIFECYCLE_SOURCE_ROOTS=/media
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["worker"]

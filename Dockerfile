# The reference app: `docker compose up` starts it with the Redis it needs.

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY src ./src
RUN npm run build

# For the package, Nest and its companions are peers and development dependencies; for the app they are what it runs on.
FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/make-app-manifest.mjs ./scripts/
# From the lockfile alone: npm ci fails where the manifest asks for anything else.
RUN node scripts/make-app-manifest.mjs && npm ci --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production
ENV PORT=5001
# A container's own loopback is of no use to anybody outside it. Whoever gets in from there has to sign in: CHAT_USERS is required.
ENV HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
# The only place that the app writes to.
RUN mkdir --mode 700 /data && chown node:node /data
USER node
EXPOSE 5001
# Any answer will do, 404 too: the question is whether the event loop turns.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:5001/').then((answer) => process.exit(answer.status < 500 ? 0 : 1), () => process.exit(1))"]
# Node gets SIGTERM itself and drains; npm in between would not pass it on.
CMD ["node", "dist/main.js"]

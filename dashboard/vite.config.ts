import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Compresses scripts and styles at build time, so that no request has to wait for it. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  writeBundle({ dir = '' }) {
    const assets = join(dir, 'assets')
    for (const name of readdirSync(assets).filter((file) => /\.(?:js|css)$/.test(file))) {
      const content = readFileSync(join(assets, name))
      writeFileSync(join(assets, `${name}.br`), brotliCompressSync(content))
      writeFileSync(join(assets, `${name}.gz`), gzipSync(content))
    }
  },
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // The API serves `dist` below this path. Everything in `assets/` has a hash in its name.
  base: '/dashboard/',
  plugins: [react(), tailwindcss(), compressed],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // A data: URL would need a wider Content-Security-Policy than the API sends.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/queues', '/docs', '/openapi.json'].map((path) => [
        path,
        process.env['TUTTI_URL'] ?? 'http://127.0.0.1:3000',
      ]),
    ),
  },
})

import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // The API serves `dist` below this path. Everything in `assets/` has a hash in its name.
  base: '/dashboard/',
  plugins: [react(), tailwindcss()],
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

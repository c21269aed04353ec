import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The live page: src/web → dist/web, which `serve` hands out. `npx vite` serves it for work on the page itself. */
export default defineConfig({
  root: 'src/web',
  plugins: [react()],
  build: { outDir: '../../dist/web', emptyOutDir: true },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});

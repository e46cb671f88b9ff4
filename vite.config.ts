import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  worker: { format: 'es' },
  resolve: {
    // monaco-yaml's worker still asks for the path that Monaco had before 0.56.
    alias: [{ find: 'monaco-editor/esm/vs/editor/editor.worker.js', replacement: 'monaco-editor/editor/editor.worker.js' }],
  },
  optimizeDeps: {
    include: [
      'monaco-yaml',
      'monaco-yaml/yaml.worker.js',
      'monaco-editor/editor',
      'monaco-editor/features/register.all',
      'monaco-editor/languages/definitions/yaml/register',
    ],
  },
  build: { target: 'es2023', chunkSizeWarningLimit: 6000 },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], pool: 'threads', maxWorkers: 2, testTimeout: 30_000 },
})

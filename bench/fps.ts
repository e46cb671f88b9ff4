/** Frames per second of the Cluster view in headless Chromium (software drawing). Run: npx tsx bench/fps.ts [nodes pods] */
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { createServer } from 'vite'
import type { PhaseResult } from './cluster-view.ts'

export interface FpsOptions {
  readonly nodes: number
  readonly pods: number
  /** Pods changed every other frame. */
  readonly changes?: number
  readonly port?: number
}

/** Serves the bench page, runs it, and gives one result per way of moving. */
export async function measureFps({ nodes, pods, changes = 100, port = 41702 }: FpsOptions): Promise<readonly PhaseResult[]> {
  const server = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    server: { port, strictPort: true },
    logLevel: 'error',
  })
  await server.listen()
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 720 } })
    await page.goto(`http://127.0.0.1:${port}/bench/cluster-view.html?nodes=${nodes}&pods=${pods}&changes=${changes}`)
    const result = await page.waitForFunction(() => window.result, undefined, { timeout: 120_000 })
    return (await result.jsonValue()) ?? []
  } finally {
    await browser.close()
    await server.close()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [nodes = 1000, pods = 30_000] = process.argv.slice(2).map(Number)
  const results = await measureFps({ nodes, pods })
  console.log(`Cluster view, ${nodes} nodes, ${pods} pods, software drawing`)
  for (const { phase, fps, p95Ms, longestMs } of results)
    console.log(`  ${phase.padEnd(18)} ${fps} fps   draw p95 ${p95Ms} ms, longest ${longestMs} ms`)
}

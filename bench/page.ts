/**
 * The page in a real Chromium: how much JavaScript it loads before it is usable, and the longest task of its thread
 * while 300 pods roll over at 10x.
 */
import { chromium, type Browser, type Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { preview, type PreviewServer } from 'vite'

const PORT = 41733

export interface PageNumbers {
  /** gzip bytes of all JavaScript, the engine's worker included, fetched before the cluster is shown. */
  readonly firstLoadKB: number
  /** The part of it that runs on the page's thread. */
  readonly pageKB: number
  readonly workerKB: number
  readonly usableMs: number
  readonly longestTaskMs: number
  readonly longTasks: number
}

export async function measurePage(executablePath: string): Promise<PageNumbers> {
  const server: PreviewServer = await preview({ preview: { host: '127.0.0.1', port: PORT, strictPort: true } })
  const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  try {
    return await run(browser)
  } finally {
    await browser.close()
    await server.close()
  }
}

async function run(browser: Browser): Promise<PageNumbers> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const scripts = new Set<string>()
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.endsWith('.js')) scripts.add(pathname)
  })
  const began = Date.now()
  await page.goto(`http://127.0.0.1:${PORT}/`)
  await page.getByRole('treeitem', { name: /^Node, 3 objects/ }).waitFor()
  const usableMs = Date.now() - began
  const sizes = [...scripts].map((path) => ({
    path,
    size: gzipSync(readFileSync(join('dist', path)), { level: 9 }).length / 1024,
  }))
  const workerKB = sizes.filter(({ path }) => /\/worker-/.test(path)).reduce((sum, { size }) => sum + size, 0)
  const firstLoadKB = sizes.reduce((sum, { size }) => sum + size, 0)
  const { longestTaskMs, longTasks } = await rollOver(page)
  return { firstLoadKB, pageKB: firstLoadKB - workerKB, workerKB, usableMs, longestTaskMs, longTasks }
}

/** Rolls 300 pods on four workers over at 10x and watches the page's long tasks. */
async function rollOver(page: Page): Promise<{ longestTaskMs: number; longTasks: number }> {
  await page.getByRole('button', { name: /^kubarium: / }).click()
  await page.getByRole('spinbutton', { name: 'Worker nodes' }).fill('4')
  await page.getByRole('button', { name: 'Build cluster' }).click()
  await page.getByRole('treeitem', { name: /^Node, 5 objects/ }).waitFor()
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Open files…' }).click(),
  ])
  await chooser.setFiles({ name: 'web.yaml', mimeType: 'application/yaml', buffer: Buffer.from(MANIFEST) })
  await page.getByRole('button', { name: 'Apply', exact: true }).click()
  const speed = page.getByRole('slider', { name: 'Speed' })
  await speed.fill('300')
  const all = page.getByRole('button', { name: /^Running, ready: 31\d/ })
  await all.waitFor({ timeout: 120_000 })
  await speed.fill('200')
  await page.getByRole('treeitem', { name: /^Deployment/ }).click()
  await page.getByRole('tab', { name: 'Objects' }).click()
  await page.getByRole('gridcell', { name: 'web', exact: true }).click()
  await page.getByRole('button', { name: 'Restart rollout' }).click()
  // What opening panels and the dialog cost is not the rollout's.
  await page.waitForTimeout(1000)
  await page.evaluate(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { longTasks: tasks })
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
      entryTypes: ['longtask'],
    })
  })
  await page.getByRole('button', { name: 'Restart rollout web' }).click()
  await page.waitForTimeout(15_000)
  const tasks = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks)
  return { longestTaskMs: Math.max(0, ...tasks), longTasks: tasks.length }
}

const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 300
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: nginx:1.27
`

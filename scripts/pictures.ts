/** npm run pictures: makes README's pictures from the running app, after `vite build`. */
import { mkdirSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { chromium, type Browser, type Page } from '@playwright/test'
import { preview } from 'vite'
import { findBrowser } from './browser.mjs'

const PORT = 41735
const FOLDER = 'docs/pictures'
const SIZE = { width: 1440, height: 900 }

interface Look {
  readonly dark?: boolean
  readonly width?: number
}

async function open(browser: Browser, look: Look = {}): Promise<Page> {
  const page = await browser.newPage({
    viewport: { ...SIZE, width: look.width ?? SIZE.width },
    colorScheme: look.dark ? 'dark' : 'light',
  })
  await page.goto(`http://127.0.0.1:${PORT}/`)
  await page.getByRole('treeitem', { name: /^Node, 3 objects/ }).waitFor()
  return page
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const speed = (page: Page, step: string) => page.getByRole('slider', { name: 'Speed' }).fill(step)

async function apply(page: Page, text: string): Promise<void> {
  await page.getByRole('tab', { name: 'YAML' }).click()
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button(page, 'Open files…').click()])
  await chooser.setFiles({ name: 'manifest.yaml', mimeType: 'application/yaml', buffer: Buffer.from(text) })
  await button(page, 'Apply').click()
}

const example = (name: string) => readFileSync(`src/ui/gallery/manifests/${name}.yaml`, 'utf8')

async function save(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${FOLDER}/${name}.png` })
  console.log(`${FOLDER}/${name}.png`)
  await page.close()
}

async function cluster(browser: Browser): Promise<void> {
  const page = await open(browser)
  await apply(page, example('shop'))
  await speed(page, '200')
  await page.waitForTimeout(6000)
  await speed(page, '100')
  await apply(page, example('rolling-update'))
  await page.waitForTimeout(2500)
  await save(page, 'cluster')
}

async function rollout(browser: Browser): Promise<void> {
  const page = await open(browser)
  await apply(page, example('rolling-update'))
  await speed(page, '300')
  await page.waitForTimeout(3000)
  await page.getByRole('treeitem', { name: /^Deployment/ }).click()
  await page.getByRole('tab', { name: 'Objects' }).click()
  await page.getByRole('grid', { name: 'Deployment objects' }).getByRole('row').nth(1).getByRole('gridcell').nth(1).click()
  await speed(page, '100')
  await button(page, 'Restart rollout').click()
  await page
    .getByRole('button', { name: /^Restart rollout / })
    .last()
    .click()
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Rollout' }).click()
  await page.waitForTimeout(9000)
  await save(page, 'rollout')
}

async function broken(browser: Browser): Promise<void> {
  const page = await open(browser)
  for (const name of ['broken-image', 'crash-loop', 'too-large', 'probes']) await apply(page, example(name))
  await speed(page, '250')
  await page.waitForTimeout(6000)
  await page.getByRole('tab', { name: 'Events' }).click()
  await page.waitForTimeout(1500)
  await save(page, 'broken')
}

async function chineseDark(browser: Browser): Promise<void> {
  const page = await open(browser, { dark: true })
  await apply(page, example('shop'))
  await speed(page, '200')
  await page.waitForTimeout(5000)
  await button(page, '中文').click()
  await page.waitForTimeout(800)
  await save(page, 'chinese-dark')
}

async function manyNodes(browser: Browser): Promise<void> {
  const page = await open(browser)
  await page.getByRole('button', { name: /^kubarium: / }).click()
  await page.getByRole('spinbutton', { name: 'Worker nodes' }).fill('100')
  await button(page, 'Build cluster').click()
  await page.getByRole('treeitem', { name: /^Node, 101 objects/ }).waitFor({ timeout: 120_000 })
  await apply(page, example('first-deployment').replace(/replicas: \d+/, 'replicas: 1500'))
  await speed(page, '300')
  await page.waitForTimeout(12_000)
  await save(page, 'hundred-nodes')
}

/** The views that explain: the control plane, the scheduler's verdict on a pod that waits, lives over time. */
async function explaining(browser: Browser): Promise<void> {
  for (const [view, name] of [
    ['Control plane', 'control-plane'],
    ['Scheduling', 'scheduling'],
    ['Timeline', 'timeline'],
  ] as const) {
    const page = await open(browser)
    for (const file of ['shop', 'too-large', 'crash-loop']) await apply(page, example(file))
    await speed(page, '200')
    await page.waitForTimeout(5000)
    await button(page, 'Fold the dock').click()
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: view, exact: true }).click()
    if (view === 'Scheduling')
      await page
        .getByRole('main')
        .getByRole('button', { name: /hungry-/ })
        .first()
        .click()
    await page.waitForTimeout(2500)
    await save(page, name)
  }
}

/** A request on its way to a Service, held at the rule that chooses the pod; the rules of a node; an autoscaler at work. */
async function network(browser: Browser): Promise<void> {
  for (const tab of ['way', 'rules'] as const) {
    const page = await open(browser)
    await apply(page, example('first-deployment'))
    await speed(page, '200')
    await page.waitForTimeout(4000)
    await button(page, 'Fold the dock').click()
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Network', exact: true }).click()
    await button(page, 'http://hello/').click()
    const packets = page.getByRole('navigation', { name: 'Packets' })
    await packets.getByRole('button', { name: 'there SYN' }).click()
    await page
      .getByRole('group', { name: "The packet's way" })
      .getByRole('button', { name: /PREROUTING to 10\.244/ })
      .click()
    if (tab === 'rules') await page.getByRole('tab', { name: 'Rules' }).click()
    await page.waitForTimeout(1500)
    await save(page, tab === 'way' ? 'network' : 'network-rules')
  }
}

async function autoscaler(browser: Browser): Promise<void> {
  const page = await open(browser)
  await apply(page, example('autoscaling'))
  await speed(page, '200')
  await page.waitForTimeout(4000)
  await button(page, 'Fold the dock').click()
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Rollout', exact: true }).click()
  await page.getByRole('main').getByRole('button', { name: /^api/ }).first().click()
  await page.getByRole('slider', { name: /CPU to do/ }).fill('1200')
  await page.waitForTimeout(9000)
  await save(page, 'autoscaler')
}

mkdirSync(FOLDER, { recursive: true })
const server = await preview({ preview: { host: '127.0.0.1', port: PORT, strictPort: true } })
const browser = await chromium.launch({
  executablePath: await findBrowser(),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  for (const make of [cluster, rollout, broken, chineseDark, manyNodes, explaining, network, autoscaler]) await make(browser)
} finally {
  await browser.close()
  await server.close()
}

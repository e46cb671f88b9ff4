import { expect, test } from '@playwright/test'
import { App } from './app.ts'
import { web } from './manifests.ts'

test('what is selected is in the URL, and the URL restores it', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.select('Pod', 'etcd-control-plane')
  const url = page.url()
  await page.goto('about:blank')
  await page.goto(url)
  await expect(app.inspector.getByRole('heading', { name: 'etcd-control-plane' })).toBeVisible()
})

test('time stops, steps and runs', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await page.keyboard.press('Space')
  await expect(app.time.getByRole('button', { name: 'Play' })).toBeVisible()
  const clock = app.time.getByRole('timer', { name: 'Cluster time' })
  const stopped = await clock.innerText()
  await app.apply(web('nginx', 1))
  await app.time.getByRole('button', { name: 'One step' }).click()
  await expect(clock).not.toHaveText(stopped)
  const grid = await app.table('Pod')
  await expect(grid.getByRole('row', { name: /web-/ })).toHaveCount(0)
  await app.time.getByRole('button', { name: 'Play' }).click()
  await expect(grid.getByRole('row', { name: /web-/ })).toHaveCount(1)
})

test('the interface speaks Chinese; Kubernetes terms stay', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', /zh/)
  await expect(page.getByRole('treeitem', { name: /Deployment/ })).toBeVisible()
  await expect(page.getByRole('button', { name: '应用' })).toBeVisible()
})

test('keys open search, help and objects', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await page.keyboard.press('/')
  await page.getByRole('combobox', { name: 'Search' }).fill('kube-scheduler')
  await page
    .getByRole('option', { name: /kube-scheduler-control-plane/ })
    .first()
    .click()
  await expect(app.inspector.getByRole('heading', { name: 'kube-scheduler-control-plane' })).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toHaveCount(0)
})

test('an example goes from the gallery to the cluster', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.tab('Examples')
  await page.getByRole('button', { name: /A first Deployment/ }).click()
  await expect(app.button('Apply')).toBeEnabled()
  await app.button('Apply').click()
  await expect(app.result(/deployment.apps\/.* created/)).toBeVisible()
})

test('a dry run shows the difference and changes nothing', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web('nginx:1.27', 2))
  await expect(app.result('deployment.apps/web created')).toBeVisible()
  await app.openManifest(web('nginx:1.28', 2))
  await app.button('Dry run').click()
  await expect(app.result(/deployment.apps\/web configured \(server dry run\)/)).toBeVisible()
  await app.select('Deployment', 'web')
  await expect(app.inspector).toContainText('nginx:1.27')
})

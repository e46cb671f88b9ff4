import { expect, test } from '@playwright/test'
import { App } from './app.ts'
import { web } from './manifests.ts'

test('one broken document does not stop the others, and says where it is broken', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n---\napiVersion: v1\n  kind: ConfigMap\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\n`,
  )
  await expect(app.result('configmap/one created')).toBeVisible()
  await expect(app.result(/line 7, column \d+: bad indentation/).first()).toBeVisible()
  await expect(app.result('configmap/two created')).toBeVisible()
})

test('an unknown kind names the nearest one', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web().replace('kind: Deployment', 'kind: Deplyment'))
  await expect(app.result(/no matches for kind "Deplyment" in version "apps\/v1"/).first()).toBeVisible()
  await expect(app.result(/did you mean kind: Deployment/).first()).toBeVisible()
})

test('an unknown field gets the API server’s message', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web().replace('  replicas:', '  replicass:'))
  await expect(app.result(/strict decoding error: unknown field "spec.replicass"/).first()).toBeVisible()
})

test('more pods than a cluster holds are refused, and the page stays alive', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web('nginx', 2_000_000))
  await expect(app.result(/asks for 2,000,000 pods; a cluster holds at most 150,000/).first()).toBeVisible()
  await app.apply(web('nginx', 1))
  await expect(app.result('deployment.apps/web created')).toBeVisible()
})

test('a file of more than 3 MB is refused with a reason', async ({ page }) => {
  const app = new App(page)
  await app.open()
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Open files…' }).click(),
  ])
  await chooser.setFiles({ name: 'large.yaml', mimeType: 'application/yaml', buffer: Buffer.alloc(3 * 1024 * 1024 + 1, '#') })
  await expect(page.getByRole('region', { name: 'Notifications' })).toContainText(/large.yaml is larger than 3 MB/)
})

test('markup in names and values is text', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: markup\n  annotations:\n    note: "<img src=x onerror=document.title='broken'>"\n`,
  )
  await expect(app.result('configmap/markup created')).toBeVisible()
  await app.select('ConfigMap', 'markup')
  await expect(app.inspector).toContainText('<img src=x')
  await expect(page).toHaveTitle(/Kubarium/)
})

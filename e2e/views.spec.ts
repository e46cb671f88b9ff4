import { expect, test } from '@playwright/test'
import { App } from './app.ts'
import { web } from './manifests.ts'

test('the control plane view lists who wrote what, and opens a write to its difference', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.view('Control plane')
  await app.apply(web('nginx:1.27', 2))
  const main = page.getByRole('main')
  await expect(main).toContainText('kube-apiserver')
  await expect(main).toContainText('deployment-controller')
  await expect(main.getByText(/ReplicaSet default\/web-/).first()).toBeVisible()
})

test('the scheduling view says why a pod waits', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(
    web('nginx:1.27', 1).replace('        readinessProbe:', '        resources: {requests: {cpu: 100}}\n        readinessProbe:'),
  )
  await app.view('Scheduling')
  await page
    .getByRole('main')
    .getByRole('button', { name: /web-.*Pending/ })
    .first()
    .click()
  await expect(page.getByRole('main')).toContainText('Insufficient cpu')
  await expect(page.getByRole('main')).toContainText('NodeResourcesFit')
})

test('the timeline shows lives, and a look at the past leads back to now', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web('nginx:1.27', 2))
  await app.speed(10)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(2)
  await app.view('Timeline')
  await expect(page.getByRole('main')).toContainText('Deployment/web')
  await page.keyboard.press(',')
  await expect(page.getByText(/Looking at/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await expect(page.getByRole('button', { name: 'Back to now' })).toHaveCount(0)
})

test('the clock stops when an expression comes true, and a wrong one says where', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await page.getByRole('button', { name: 'Pause when…' }).click()
  const form = page.getByRole('form', { name: 'An expression (CEL) comes true' })
  const field = form.getByLabel('Expression')
  await field.fill("object.kind = 'Pod'")
  await form.getByRole('button', { name: 'Add' }).click()
  await expect(form.getByRole('alert')).toContainText('ERROR: <input>:1:13')
  await field.fill("object.kind == 'ReplicaSet' && object.metadata.namespace == 'default'")
  await form.getByRole('button', { name: 'Add' }).click()
  await expect(page.getByRole('list', { name: 'Conditions' })).toContainText("object.kind == 'ReplicaSet'")
  await page.keyboard.press('Escape')
  await app.apply(web('nginx:1.27', 2))
  await expect(page.getByText(/ReplicaSet.*web-/).first()).toBeVisible()
})

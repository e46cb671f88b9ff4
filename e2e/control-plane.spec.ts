import { expect, test, type Page } from '@playwright/test'
import { App } from './app.ts'
import { web } from './manifests.ts'

/** The Control plane view as a person sees it. */
async function openControlPlane(page: Page) {
  const app = new App(page)
  await app.open()
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Control plane' }).click()
  const parts = page.getByRole('group', { name: 'Parts of the control plane' })
  await expect(parts.getByRole('button', { name: 'kube-apiserver' })).toBeVisible()
  return {
    app,
    parts,
    list: page.getByRole('grid', { name: 'What happens' }),
    details: page.getByRole('region', { name: 'Details' }),
  }
}

test('a write is followed back to the command that began it', async ({ page }) => {
  const { app, parts, list, details } = await openControlPlane(page)
  await app.apply(web('nginx', 1))
  await parts.getByRole('button', { name: 'kube-scheduler' }).click()
  await list.getByRole('row').filter({ hasText: 'Pod/binding' }).first().click()
  await expect(details.getByText('.spec.nodeName')).toBeVisible()
  await expect(details.getByText('it began here: kubernetes-admin')).toBeVisible()
  await details.getByRole('button', { name: /deployment-controller create ReplicaSet/ }).click()
  await expect(details.getByText('New object.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(details).toBeHidden()
})

test('the next thing is waited for step by step', async ({ page }) => {
  const { app, list, details } = await openControlPlane(page)
  await app.time.getByRole('button', { name: 'Pause', exact: true }).click()
  await app.apply(web('nginx', 1))
  await list.getByRole('row').filter({ hasText: 'kubernetes-admin' }).first().click()
  for (let i = 0; i < 3; i++) {
    await page.getByRole('button', { name: /^Later/ }).click()
    await expect(page.getByRole('button', { name: /^Later/ })).toBeEnabled()
  }
  await expect(details.getByText('kubernetes-admin').first()).toBeVisible()
  await expect(app.time.getByRole('button', { name: 'Play' })).toBeVisible()
})

test('etcd without a quorum takes no writes', async ({ page }) => {
  const { app, parts } = await openControlPlane(page)
  await parts.getByRole('combobox', { name: 'Members' }).selectOption('3')
  await parts.getByRole('button', { name: 'Stop etcd-2' }).click()
  await parts.getByRole('button', { name: 'Stop etcd-3' }).click()
  await expect(parts.getByText('writes fail')).toBeVisible()
  await app.apply(web('nginx', 1))
  await expect(app.result(/etcdserver: request timed out/)).toBeVisible()
  await parts.getByRole('button', { name: 'Start etcd-3' }).click()
  await expect(parts.getByText('writes fail')).toBeHidden()
  await app.button('Apply').click()
  await expect(app.result(/deployment.apps\/web created/)).toBeVisible()
})

import { expect, test } from '@playwright/test'
import { App } from './app.ts'
import { SHOP, web } from './manifests.ts'

test('the page opens with a running three-node cluster', async ({ page }) => {
  const app = new App(page)
  await app.open()
  const grid = await app.table('Pod')
  for (const name of [
    'etcd-control-plane',
    'kube-apiserver-control-plane',
    'kube-controller-manager-control-plane',
    'kube-scheduler-control-plane',
  ])
    await expect(grid.getByRole('row', { name: new RegExp(`kube-system ${name} 1/1 Running`) })).toBeVisible()
  await expect(grid.getByRole('row', { name: /kube-system coredns-.* 1\/1 Running/ })).toHaveCount(2)
  await expect(grid.getByRole('row', { name: /kube-system kube-proxy-.* 1\/1 Running/ })).toHaveCount(3)
  await expect(grid.getByRole('row', { name: /kube-flannel kube-flannel-ds-.* 1\/1 Running/ })).toHaveCount(3)
  const nodes = await app.table('Node')
  await expect(nodes.getByRole('row', { name: /control-plane Ready control-plane/ })).toBeVisible()
  await expect(nodes.getByRole('row', { name: /worker2? Ready <none>/ })).toHaveCount(2)
})

test('a pasted manifest with a namespace, configuration, a secret, databases, an API and a Service comes alive', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const app = new App(page)
  await app.open()
  await app.page.evaluate((text) => navigator.clipboard.writeText(text), SHOP)
  const editor = app.dock.getByRole('textbox', { name: 'Manifest' })
  await editor.focus()
  await page.keyboard.press('ControlOrMeta+V')
  await expect(app.button('Apply')).toBeEnabled()
  await app.button('Apply').click()
  for (const line of [
    'namespace/shop created',
    'configmap/settings created',
    'secret/passwords created',
    'deployment.apps/db created',
    'deployment.apps/api created',
    'service/api created',
  ])
    await expect(app.result(line)).toBeVisible()
  await app.speed(10)
  await app.namespace('shop')
  const pods = await app.pods(/(db|cache|api)-/)
  await expect(pods).toHaveCount(6)
  await expect(pods.filter({ hasText: '1/1' })).toHaveCount(6)
})

test('a rolling update keeps to its budget, and undo goes back', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web())
  await app.speed(10)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(4)
  await app.select('Deployment', 'web')
  await app.view('Rollout')
  await app.apply(web('nginx:1.28'))
  await expect(app.result('deployment.apps/web configured')).toBeVisible()
  await expect(page.getByText('deployment "web" successfully rolled out')).toBeVisible()
  await expect(page.getByRole('main')).toContainText('nginx:1.28')
  await app.select('Deployment', 'web')
  await app.inspector.getByRole('button', { name: 'Undo rollout' }).click()
  await app.inspector.getByRole('button', { name: /Undo rollout web/ }).click()
  await expect(app.inspector).toContainText('nginx:1.27')
})

test('a wrong image tag shows ErrImagePull or ImagePullBackOff, and the old pods stay', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web())
  await app.speed(10)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(4)
  await app.apply(web('nginx:9.99-nothing'))
  await expect((await app.pods(/web-/)).filter({ hasText: /ErrImagePull|ImagePullBackOff/ })).toHaveCount(2)
  await expect((await app.pods(/web-/)).filter({ hasText: 'Running' })).toHaveCount(3)
})

test('a deleted pod comes back under another name', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web('nginx:1.27', 2))
  await app.speed(10)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(2)
  const name = await app.select('Pod', /^web-/)
  await app.inspector.getByRole('button', { name: 'Delete', exact: true }).click()
  await app.inspector.getByRole('button', { name: `Delete ${name}` }).click()
  const grid = await app.table('Pod')
  await expect(grid.getByRole('gridcell', { name, exact: true })).toHaveCount(0)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(2)
})

test('scaling from the inspector shows its kubectl command', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web('nginx:1.27', 2))
  await app.select('Deployment', 'web')
  await app.inspector.getByRole('button', { name: 'Scale', exact: true }).click()
  await app.inspector.getByRole('spinbutton', { name: 'Replicas' }).fill('5')
  await expect(app.inspector.getByText('kubectl scale deployment/web --replicas=5')).toBeVisible()
  await app.inspector.getByRole('button', { name: /Scale web/ }).click()
  await app.speed(10)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(5)
})

test('pods of a node without power move after five minutes of cluster time', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(web('nginx:1.27', 4))
  await app.speed(10)
  await expect((await app.pods(/web-/)).filter({ hasText: '1/1' })).toHaveCount(4)
  await app.select('Node', 'worker2')
  await app.inspector.getByRole('button', { name: 'Power off' }).click()
  await app.inspector.getByRole('button', { name: 'Power off worker2' }).click()
  await app.speed(100)
  const nodes = await app.table('Node')
  await expect(nodes.getByRole('row', { name: /worker2 NotReady/ })).toBeVisible()
  await expect((await app.pods(/web-/)).filter({ hasText: 'Terminating' })).toHaveCount(2)
  await expect((await app.pods(/web-/)).filter({ hasText: /1\/1\s*Running/ })).toHaveCount(4)
})

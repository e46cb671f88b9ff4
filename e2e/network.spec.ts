import { expect, test, type Page } from '@playwright/test'
import { App } from './app.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: nginx, image: 'nginx:1.27', ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec: { containers: [{ name: c, image: 'busybox:1.37', command: [sleep, '100000'] }] }
`

/** The Network view as a person sees it, with a Service and a client pod. */
async function openNetwork(page: Page) {
  const app = new App(page)
  await app.open()
  await app.view('Network')
  await app.apply(WEB)
  await app.speed(20)
  const sender = page.getByRole('form', { name: 'Send a packet' })
  await expect(sender.getByRole('button', { name: 'http://web/' })).toBeVisible()
  await expect(sender.getByRole('combobox', { name: 'From' })).toHaveValue('pod:default/client')
  await expect(await app.pods(/(web-|client).*Running/)).toHaveCount(3)
  await app.speed(1)
  const views = page.getByRole('main', { name: 'Network' })
  return {
    app,
    sender,
    result: page.getByRole('region', { name: 'Result' }),
    player: page.getByRole('toolbar', { name: 'Playback' }),
    station: page.getByRole('region', { name: 'Station' }),
    packets: page.getByRole('navigation', { name: 'Packets' }),
    tab: (name: string) => views.getByRole('tab', { name }).click(),
  }
}

test('a request is followed from a pod through the rules to another', async ({ page }) => {
  const { sender, result, player, station, packets } = await openNetwork(page)
  await sender.getByRole('button', { name: 'http://web/' }).click()
  await expect(result).toContainText('HTTP 200 from default/web-')
  await expect(packets).toContainText('A? web.default.svc.cluster.local')
  await packets.getByRole('button', { name: 'there SYN' }).click()
  await expect(player).toContainText('station 1 of')
  await player.getByRole('button', { name: 'One station on' }).click()
  await expect(player).toContainText('station 2 of')
  await page.keyboard.press('ArrowRight')
  await expect(player).toContainText('station 3 of')
  await page
    .getByRole('group', { name: "The packet's way" })
    .getByRole('button', { name: /PREROUTING to 10\.244/ })
    .click()
  await expect(station).toContainText('KUBE-SERVICES')
  await expect(station).toContainText('-j DNAT --to-destination')
  await expect(station).toContainText(/drew 0\.\d\d/)
})

test('without its rules a Service is out of reach, and they come back', async ({ page }) => {
  const { app, sender, result, tab } = await openNetwork(page)
  await tab('Rules')
  const node = page.getByRole('combobox', { name: 'Node' })
  for (const name of ['worker', 'worker2']) {
    await node.selectOption(name)
    const line = page.getByRole('textbox', { name: 'Command line' })
    await line.fill('iptables -t nat -F KUBE-SERVICES')
    await line.press('Enter')
    await expect(page.getByRole('log')).toContainText(`${name}# iptables -t nat -F KUBE-SERVICES`)
  }
  await tab("A packet's way")
  await sender.getByRole('button', { name: 'http://web/' }).click()
  await expect(result).toContainText('name not found')
  await app.speed(100)
  await expect(async () => {
    await sender.getByRole('button', { name: 'http://web/' }).click()
    await expect(result).toContainText('HTTP 200', { timeout: 3000 })
  }).toPass({ timeout: 60_000 })
})

test('kube-proxy goes over to IPVS', async ({ page }) => {
  const { app, tab } = await openNetwork(page)
  await tab('Modes compared')
  await page.getByRole('button', { name: 'ipvs', exact: true }).click()
  await expect(page.getByText('deprecated since Kubernetes 1.35').first()).toBeVisible()
  await expect(page.getByText('kubectl -n kube-system rollout restart daemonset kube-proxy')).toBeVisible()
  await page.getByRole('button', { name: 'Switch' }).click()
  await app.speed(20)
  await expect(page.getByText('worker: ipvs, worker2: ipvs')).toBeVisible({ timeout: 60_000 })
  await tab('Rules')
  await page.getByRole('group', { name: 'As text' }).getByRole('button', { name: 'ipvsadm -Ln' }).click()
  await expect(page.getByText('IP Virtual Server version')).toBeVisible()
})

test('a load generator moves, and a cut link stops it', async ({ page }) => {
  const { tab } = await openNetwork(page)
  await tab('Live traffic')
  await page.getByRole('button', { name: 'Start' }).click()
  const load = page.getByRole('article', { name: 'Load on http://web/' })
  await expect(load).toContainText('200 ×')
  await expect(load).toContainText('Who answered')
  await page.getByRole('button', { name: 'Faults…' }).click()
  const faults = page.getByRole('complementary', { name: 'Faults' })
  await faults.getByRole('combobox', { name: 'Machine' }).selectOption('worker')
  await faults.getByRole('button', { name: 'Cut' }).click()
  await expect(faults.getByText('worker – worker2: cut')).toBeVisible()
  await expect(load).toContainText('failed')
  await faults.getByRole('button', { name: 'Heal everything' }).click()
  await expect(faults.getByText('Nothing is broken on purpose.')).toBeVisible()
})

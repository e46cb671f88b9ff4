import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { App } from './app.ts'

const example = (id: string) => readFileSync(`src/ui/gallery/manifests/${id}.yaml`, 'utf8')

test('an autoscaler follows the load that a person gives', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(example('autoscaling'))
  await app.speed(20)
  await app.view('Rollout')
  await page.getByRole('main').getByRole('button', { name: /^api/ }).click()
  const autoscaler = page.getByRole('region', { name: 'Autoscaler' })
  await expect(autoscaler).toContainText('2 replicas, 2 wanted, 2 to 10 allowed')
  await page.getByRole('slider', { name: /CPU to do/ }).fill('1200')
  await expect(autoscaler).toContainText('10 replicas, 10 wanted', { timeout: 30_000 })
})

test('a Job shows which of its pieces are done', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await app.apply(example('indexed-job'))
  await app.speed(20)
  await app.view('Rollout')
  await page
    .getByRole('main')
    .getByRole('button', { name: /^pieces/ })
    .click()
  const progress = page.getByRole('region', { name: 'Progress of the Job' })
  await expect(progress).toContainText('Completions12/12', { timeout: 30_000 })
  await expect(progress.getByRole('listitem')).toHaveCount(12)
})

test('a new cluster may have three control-plane nodes, and a link to it says so', async ({ page }) => {
  const app = new App(page)
  await app.open()
  await page.getByRole('button', { name: /^kubarium: / }).click()
  await page.getByRole('combobox', { name: 'Control-plane nodes' }).selectOption('3')
  await page.getByRole('button', { name: 'Build cluster', exact: true }).click()
  await expect(app.kinds.getByRole('treeitem', { name: /^Node, 5 objects/ })).toBeVisible({ timeout: 30_000 })
  await expect(page).toHaveURL(/control-planes=3/)
  await app.apply(example('single-pod'))
  await expect(app.result(/pod\/\S+ created/)).toBeVisible()
})

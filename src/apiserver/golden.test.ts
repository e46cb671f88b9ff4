import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ResourceQuota } from '../apimachinery/generated/types.ts'
import { Etcd } from '../etcd/etcd.ts'
import { Simulation } from '../sim/simulation.ts'
import { ADMISSION } from './admission/registry.ts'
import { LOOPBACK, bootstrapObjects } from './bootstrap/bootstrap.ts'
import { GOLDEN_TOKENS, runApiCase, type ApiCase } from './golden.ts'
import { STRATEGIES } from './kinds/registry.ts'
import { ApiServer } from './server.ts'

/** Stands for the service account and root CA controllers, the only ones these cases wait for. */
function namespaceDefaults(api: ApiServer): void {
  const create = (resource: string, namespace: string, body: object) =>
    api.handle({
      verb: 'create',
      user: LOOPBACK,
      userAgent: 'kube-controller-manager',
      group: '',
      version: 'v1',
      resource,
      namespace,
      body,
    })
  api.etcd.watch('namespaces', ({ type, previous, value }) => {
    const { name: namespace = '' } = value.metadata
    if (type !== 'put' || previous) return
    api.sim.schedule(10, () => {
      create('serviceaccounts', namespace, { metadata: { name: 'default', namespace } })
      create('configmaps', namespace, { metadata: { name: 'kube-root-ca.crt', namespace }, data: { 'ca.crt': '' } })
    })
  })
}

/** Stands for the resource quota controller in namespaces where nothing is counted yet. */
function quotaStatus(api: ApiServer): void {
  api.etcd.watch('resourcequotas', ({ type, previous, value }) => {
    if (type !== 'put' || previous) return
    const { hard = {} } = (value as ResourceQuota).spec ?? {}
    const { namespace, name } = value.metadata
    const used = Object.fromEntries(Object.keys(hard).map((key) => [key, '0']))
    const body = { ...value, status: { hard, used } }
    const request = { user: LOOPBACK, userAgent: 'kube-controller-manager', group: '', version: 'v1', resource: 'resourcequotas' }
    api.sim.schedule(10, () => api.handle({ ...request, verb: 'update', subresource: 'status', namespace, name, body }))
  })
}

function makeServer() {
  const sim = new Simulation({ seed: 1, startTimeMs: Date.UTC(2026, 10, 1) })
  const api = new ApiServer({
    sim,
    etcd: new Etcd(),
    strategies: STRATEGIES,
    admission: ADMISSION,
    authorization: true,
    tokens: GOLDEN_TOKENS,
  })
  namespaceDefaults(api)
  quotaStatus(api)
  bootstrapObjects(api)
  return { api, sim }
}

const dir = new URL('./testdata/', import.meta.url)
const knownMisses = new Set(JSON.parse(readFileSync(new URL('known-misses.json', dir), 'utf8')) as string[])

describe.each(['protocol', 'validation', 'defaulting'])('%s cases recorded from Kubernetes 1.36.2', (group) => {
  const files = readdirSync(new URL(`${group}/`, dir)).filter((file) => file.endsWith('.json'))
  test.each(files)('%s', (file) => {
    const apiCase = JSON.parse(readFileSync(new URL(`${group}/${file}`, dir), 'utf8')) as ApiCase
    const { ok, differences } = runApiCase(apiCase, makeServer)
    if (knownMisses.has(`${group}/${apiCase.name}`)) expect(ok, 'a listed miss passes: take it off the list').toBe(false)
    else expect(differences).toEqual([])
  })
})

import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import type { CoreV1Event, Ingress } from '../../apimachinery/generated/types.ts'
import { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'
import { applyManifest } from '../testing/apply.ts'

let cluster: Cluster

const applyText = (text: string) => applyManifest(cluster, text)
const apply = (id: string) => applyText(readFileSync(`src/ui/gallery/manifests/${id}.yaml`, 'utf8'))
const addressOf = (name: string) => {
  const ingress = cluster.etcd.get('ingresses.networking.k8s.io', `default/${name}`)?.value as Ingress | undefined
  return ingress?.status?.loadBalancer?.ingress?.[0]?.ip ?? ''
}
const events = () => cluster.etcd.range('events').map(({ value }) => value as CoreV1Event)

function* get(path: string, host: string) {
  const sockets = cluster.network.sockets('outside')
  if (!sockets) throw new Error('no outside')
  const connection = yield* sockets.connect({ address: addressOf('shop'), port: 80 }, { timeoutMs: 3000 })
  if ('failure' in connection) return { status: 0, body: connection.failure as string }
  const answer = yield* connection.http({ method: 'GET', path, headers: { host }, body: '' })
  return 'failure' in answer ? { status: 0, body: answer.failure as string } : answer
}
function fetch(path: string, host = 'shop.example'): { status: number; body: string } {
  let result = { status: -1, body: '' }
  cluster.sim.spawn(get(path, host), (value) => (result = value))
  cluster.sim.runFor(10_000)
  return result
}

beforeAll(() => {
  cluster = new Cluster()
  cluster.boot()
  apply('ingress-nginx')
  cluster.sim.runFor(30_000)
  apply('ingress')
  cluster.sim.runFor(60_000)
})

it('an Ingress gets the address of the controller, and events tell of it', () => {
  expect(addressOf('shop')).toMatch(/^10\.0\.0\.1\d$/)
  const about = events()
    .filter(({ involvedObject }) => involvedObject.name === 'shop')
    .map(({ reason, message }) => `${reason}: ${message}`)
  expect(about).toContain('Sync: Scheduled for sync')
})

it('requests go by host and path to the pods of the Service', () => {
  expect(fetch('/')).toMatchObject({ status: 200, body: expect.stringContaining('Welcome to nginx!') })
  const names = new Set(Array.from({ length: 6 }, () => fetch('/api/hostname').body))
  expect(names.size).toBe(3)
  expect(fetch('/', 'nobody.example').status).toBe(404)
})

it('a bad path is not taken: nginx keeps the last good configuration', () => {
  applyText(`apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: bad, annotations: { nginx.ingress.kubernetes.io/use-regex: "true" } }
spec:
  ingressClassName: nginx
  rules: [{ host: bad.example, http: { paths: [{ path: "/x(", pathType: ImplementationSpecific, backend: { service: { name: pages, port: { number: 80 } } } }] } }]
`)
  cluster.sim.runFor(20_000)
  expect(events().some(({ reason, message }) => reason === 'RELOAD' && message?.includes('missing closing parenthesis'))).toBe(
    true,
  )
  expect(fetch('/').status).toBe(200)
  cluster.call({ method: 'DELETE', path: '/apis/networking.k8s.io/v1/namespaces/default/ingresses/bad' }, ADMIN)
})

it('without pods behind it: 503', () => {
  const body = { spec: { replicas: 0 } }
  cluster.call({ method: 'PATCH', path: '/apis/apps/v1/namespaces/default/deployments/pages', body }, ADMIN)
  cluster.sim.runFor(30_000)
  expect(fetch('/').status).toBe(503)
})

it('tcp-services passes a port on', () => {
  const body = { data: { 9000: 'default/api:8080' } }
  cluster.call({ method: 'PATCH', path: '/api/v1/namespaces/ingress-nginx/configmaps/tcp-services', body }, ADMIN)
  cluster.sim.runFor(20_000)
  const node = [...cluster.machines()].find(({ spec }) => spec.address === addressOf('shop'))
  let out = ''
  cluster.sim.spawn(
    cluster.network.shell('outside', `curl -s http://${node?.spec.address}:9000/hostname`),
    ({ stdout }) => (out = stdout),
  )
  cluster.sim.runFor(10_000)
  expect(out).toMatch(/^api-/)
})

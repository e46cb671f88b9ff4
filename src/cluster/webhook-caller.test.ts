import { beforeAll, describe, expect, test } from 'vitest'
import type { DoorReply, DoorRequest } from '../kubectl/door.ts'
import { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'

const SERVICE = { namespace: 'hooks', name: 'e2e-webhook', port: 8443 }
let cluster: Cluster

function call(method: DoorRequest['method'], path: string, body?: object, contentType = 'application/json'): DoorReply {
  return cluster.call({ method, path, ...(body ? { body, contentType } : {}) }, ADMIN)
}

const object = <T>({ body }: DoorReply) => body as T
const message = (reply: DoorReply) => object<{ message?: string }>(reply).message ?? ''

beforeAll(() => {
  cluster = new Cluster({ workers: 1 })
  cluster.boot()
  call('POST', '/api/v1/namespaces', { metadata: { name: 'hooks' } })
  call('POST', '/api/v1/namespaces', { metadata: { name: 'work' } })
  // Their service accounts come a moment later.
  cluster.sim.runFor(2000)
  call('POST', '/api/v1/namespaces/hooks/pods', {
    metadata: { name: 'sample-webhook', labels: { webhook: 'true' } },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'registry.k8s.io/e2e-test-images/agnhost:2.57',
          args: ['webhook', '--port=8444'],
          readinessProbe: { httpGet: { scheme: 'HTTPS', port: 8444, path: '/readyz' }, periodSeconds: 1 },
        },
      ],
    },
  })
  call('POST', '/api/v1/namespaces/hooks/services', {
    metadata: { name: 'e2e-webhook' },
    spec: { selector: { webhook: 'true' }, ports: [{ port: 8443, targetPort: 8444 }] },
  })
  cluster.sim.runFor(60_000)
})

const rule = (resources: readonly string[], operations: readonly string[] = ['CREATE', 'UPDATE', 'DELETE']) => ({
  operations,
  apiGroups: ['', 'stable.example.com'],
  apiVersions: ['v1', 'v2'],
  resources,
})

function hook(kind: 'validating' | 'mutating', path: string, resource: string, extra: object = {}): string {
  const name = `h${path.replaceAll('/', '-')}`
  const clientConfig = { service: { ...SERVICE, path }, caBundle: btoa('ca') }
  const webhook = {
    name: `${name}.k8s.io`,
    clientConfig,
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'work' } },
    rules: [rule([resource])],
    ...extra,
  }
  const url = `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`
  expect(call('POST', url, { metadata: { name }, webhooks: [webhook] }).code).toBe(201)
  return `${url}/${name}`
}

const configMap = (name: string, data: object) => call('POST', '/api/v1/namespaces/work/configmaps', { metadata: { name }, data })

describe('webhooks in pods', () => {
  test('refuse and change what is written', () => {
    const deny = hook('validating', '/configmaps', 'configmaps')
    const change = hook('mutating', '/mutating-configmaps', 'configmaps')
    const refused = configMap('a', { 'webhook-e2e-test': 'webhook-disallow' })
    expect([refused.code, message(refused)]).toEqual([
      400,
      'admission webhook "h-configmaps.k8s.io" denied the request: the configmap contains unwanted key and value',
    ])
    const changed = object<{ data: object }>(configMap('b', { 'mutation-start': 'yes' }))
    expect(changed.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes' })
    call('DELETE', deny)
    call('DELETE', change)
  })

  test('may be slower than their limit, or not be there', () => {
    const slow = hook('validating', '/always-allow-delay-5s', 'configmaps', { timeoutSeconds: 1 })
    expect(message(configMap('c', {}))).toBe(
      'Internal error occurred: failed calling webhook "h-always-allow-delay-5s.k8s.io": failed to call webhook: Post "https://e2e-webhook.hooks.svc:8443/always-allow-delay-5s?timeout=1s": context deadline exceeded',
    )
    call('DELETE', slow)
    const nowhere = hook('validating', '/x', 'configmaps', { clientConfig: { service: { namespace: 'hooks', name: 'none' } } })
    expect(message(configMap('c', {}))).toContain('Post "https://none.hooks.svc:443/?timeout=10s": service "none" not found')
    call('DELETE', nowhere)
    const untrusted = hook('validating', '/always-deny', 'configmaps', {
      clientConfig: { service: { ...SERVICE, path: '/always-deny' } },
    })
    expect(message(configMap('c', {}))).toContain('x509: certificate signed by unknown authority')
    call('DELETE', untrusted)
  })

  test('are asked before a stream is opened', () => {
    const pod = { metadata: { name: 'to-be-attached-pod' }, spec: { containers: [{ name: 'container1', image: 'busybox' }] } }
    call('POST', '/api/v1/namespaces/work/pods', pod)
    cluster.sim.runFor(10_000)
    const deny = hook('validating', '/pods/attach', 'pods/attach', { rules: [rule(['pods/attach'], ['CONNECT'])] })
    const path = '/api/v1/namespaces/work/pods/to-be-attached-pod/attach?container=container1&stdin=true'
    expect(message(call('POST', path))).toContain("attaching to pod 'to-be-attached-pod' is not allowed")
    call('DELETE', deny)
  })
})

describe('conversion webhooks', () => {
  test('show custom resources in each version, whatever they are stored as', () => {
    const version = (name: string, storage: boolean, properties: object) => ({
      name,
      served: true,
      storage,
      schema: { openAPIV3Schema: { type: 'object', properties } },
    })
    const text = { type: 'string' }
    const versions = (stored: string) => [
      version('v1', stored === 'v1', { hostPort: text }),
      version('v2', stored === 'v2', { host: text, port: text }),
    ]
    const clientConfig = { service: { ...SERVICE, path: '/crdconvert' }, caBundle: btoa('ca') }
    const crd = {
      metadata: { name: 'points.stable.example.com' },
      spec: {
        group: 'stable.example.com',
        scope: 'Namespaced',
        names: { plural: 'points', kind: 'Point' },
        versions: versions('v1'),
        conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } },
      },
    }
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    expect(call('POST', crds, crd).code).toBe(201)
    cluster.sim.runFor(1000)
    const points = (v: string) => `/apis/stable.example.com/${v}/namespaces/work/points`
    const point = (name: string) => ({
      apiVersion: 'stable.example.com/v1',
      kind: 'Point',
      metadata: { name },
      hostPort: 'localhost:8080',
    })
    expect(call('POST', points('v1'), point('one')).code).toBe(201)
    expect(object(call('GET', `${points('v2')}/one`))).toMatchObject({
      apiVersion: 'stable.example.com/v2',
      host: 'localhost',
      port: '8080',
    })
    call('PATCH', `${crds}/points.stable.example.com`, { spec: { versions: versions('v2') } }, 'application/merge-patch+json')
    cluster.sim.runFor(1000)
    expect(call('POST', points('v1'), point('two')).code).toBe(201)
    const list = (v: string) => object<{ items: object[] }>(call('GET', points(v))).items
    for (const item of list('v1')) expect(item).toMatchObject({ apiVersion: 'stable.example.com/v1', hostPort: 'localhost:8080' })
    for (const item of list('v2')) {
      expect(item).toMatchObject({ apiVersion: 'stable.example.com/v2', host: 'localhost', port: '8080' })
      expect(item).not.toHaveProperty('hostPort')
    }
    expect(list('v2')).toHaveLength(2)
  })
})

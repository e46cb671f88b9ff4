import { describe, expect, test } from 'vitest'
import { pods } from '../../apimachinery/generated/resources.ts'
import { makePod, oneNode } from '../../kubelet/testdata/harness.ts'
import { parseReference } from '../reference.ts'
import { Registry } from '../registry.ts'
import { IMAGES } from './catalog.ts'

const TRIES = [
  'latest',
  'v1',
  '1.0',
  'v1.36.2',
  '3.6.6-0',
  'v1.12.4',
  'v0.27.0',
  'v0.8.0',
  'v1.13.0',
  'v1.7.1',
  '2.40',
  '3.10',
  'v1.8.0-flannel1',
  'v3.31.0',
  'v0.15.2',
]
const tagOf = (image: (typeof IMAGES)[number]) => TRIES.find((tag) => image.tags(tag)) ?? ''

describe('images', () => {
  // What runs for ever when it is given nothing, what ends at once, and what misses something.
  const ENDS =
    /nonroot|nonewprivs|calico\/cni$|(?<!calico)\/(busybox|alpine|ubuntu|debian|centos|python|node|golang|perl|php|openjdk|eclipse-temurin|kube-webhook-certgen|stress|curl|busyboxplus|netshoot|dnsutils)$/
  const FAILS = /\/(mysql|mariadb|postgres|openjdk|eclipse-temurin|hey|ab)$/

  test.each(IMAGES.map((image) => [image.repository, image] as const))('%s starts', (repository, image) => {
    const tag = tagOf(image)
    expect(tag).not.toBe('')
    const node = oneNode()
    node.kubelet.start()
    node.create(pods, makePod({ image: `${repository}:${tag}` }, { restartPolicy: 'Never' }))
    node.run(150)
    const state = node.status()?.state
    if (FAILS.test(repository)) expect(state?.terminated?.exitCode).not.toBe(0)
    else if (ENDS.test(repository) && !repository.endsWith('stress')) expect(state?.terminated?.exitCode).toBe(0)
    else expect(state?.running, JSON.stringify(state)).toBeDefined()
    node.sim.spawn(node.client.delete(pods, 'default', 'p'))
    node.run(40)
    expect(node.pod()).toBeUndefined()
  })
})

describe('names of images', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx', 'latest'],
    ['ikubernetes/myapp:v1', 'docker.io/ikubernetes/myapp', 'v1'],
    ['172.16.1.226:5000/eladmin/eladmin-api:v1', '172.16.1.226:5000/eladmin/eladmin-api', 'v1'],
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause', '3.10'],
    ['localhost/x', 'localhost/x', 'latest'],
  ])('%s', (name, repository, tag) => {
    expect(parseReference(name)).toMatchObject({ repository, tag })
  })

  test.each(['Nginx', 'nginx:', 'nginx::1', 'a//b', ''])('%j is none', (name) => {
    expect(parseReference(name)).toBeUndefined()
  })

  test('layers are shared and sizes are stable', () => {
    const registry = new Registry(IMAGES)
    const [a, b] = [registry.resolve('nginx:1.28'), registry.resolve('httpd:2.4')]
    expect(a.layers[0]?.id).toBe(b.layers[0]?.id)
    expect(registry.resolve('nginx:1.28').digest).toBe(a.digest)
    expect(registry.resolve('nginx:1.27').digest).not.toBe(a.digest)
    expect(() => registry.resolve('busybox:9.9')).toThrow('docker.io/library/busybox:9.9: not found')
  })
})

import { expect, test } from 'vitest'
import { pods } from '../apimachinery/generated/resources.ts'
import { makePod, oneNode } from './testdata/harness.ts'

test('an image can be a volume', () => {
  const node = oneNode()
  node.kubelet.start()
  const volumes = [{ name: 'v', image: { reference: 'registry.k8s.io/e2e-test-images/kitten:1.8', pullPolicy: 'Always' } }]
  const container = { image: 'busybox', command: ['cat', '/v/data.json'], volumeMounts: [{ name: 'v', mountPath: '/v' }] }
  node.create(pods, makePod(container, { volumes, restartPolicy: 'Never' }))
  node.run(30)
  expect(node.logs()?.join('')).toContain('kitten.jpg')
})

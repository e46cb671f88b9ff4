import { expect, test } from 'vitest'
import { pods, serviceaccounts } from '../apimachinery/generated/resources.ts'
import { makePod, oneNode } from './testdata/harness.ts'

test("a pod's token is its service account's", () => {
  const node = oneNode()
  node.kubelet.start()
  node.create(serviceaccounts, { metadata: { name: 'default', namespace: 'default' } })
  const volumes = [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'me' } }] } }]
  const container = {
    image: 'busybox',
    command: ['sh', '-c', 'echo $(cat /t/token)'],
    volumeMounts: [{ name: 't', mountPath: '/t' }],
  }
  node.create(pods, makePod(container, { volumes, restartPolicy: 'Never', serviceAccountName: 'default' }))
  node.run(20)
  const [, body = ''] = node.logs()?.[0]?.split('.') ?? []
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { sub: string; aud: string[] }
  expect(claims.sub).toBe('system:serviceaccount:default:default')
  expect(claims.aud).toEqual(['me'])
})

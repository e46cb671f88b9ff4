import { expect, test } from 'vitest'
import type { Pod, Volume } from '../apimachinery/generated/types.ts'
import { volumeModes } from './volume-modes.ts'

const pod = (securityContext = {}): Pod => ({ metadata: {}, spec: { containers: [], securityContext } })

test('items have their own modes, the rest the default', () => {
  const items = [{ key: 'a', path: 'x/a', mode: 0o400 }]
  const modes = volumeModes(pod(), { name: 'v', configMap: { name: 'c', items, defaultMode: 0o440 } })
  expect(modes).toMatchObject({ file: 0o440, folder: 0o777, user: 0, group: 0, inMemory: false })
  expect(modes?.files.get('x/a')).toBe(0o400)
})

test("an fsGroup owns the pod's volumes and may read them", () => {
  const secret: Volume = { name: 'v', secret: { secretName: 's', defaultMode: 0o400 } }
  expect(volumeModes(pod({ fsGroup: 1001 }), secret)).toMatchObject({ file: 0o440, folder: 0o2777, group: 1001 })
  const folder: Volume = { name: 'v', emptyDir: { medium: 'Memory' } }
  expect(volumeModes(pod({ fsGroup: 5 }), folder)).toMatchObject({ file: 0o664, folder: 0o2777, inMemory: true })
})

test('a token is for its user alone', () => {
  const volume: Volume = { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }
  expect(volumeModes(pod({ runAsUser: 7 }), volume)?.files.get('token')).toBe(0o600)
  expect(volumeModes(pod({ runAsUser: 7 }), volume)?.user).toBe(7)
  expect(volumeModes(pod(), volume)?.files.has('token')).toBe(false)
})

test('paths of the host keep what they have', () => {
  expect(volumeModes(pod(), { name: 'v', hostPath: { path: '/x' } })).toBeUndefined()
})

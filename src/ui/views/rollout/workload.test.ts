import { describe, expect, it } from 'vitest'
import { ownerRef } from './workload.ts'

describe('the workload of a pod', () => {
  it('is its owner when that rolls out revisions', () => {
    expect(ownerRef('StatefulSet/db', 'shop')).toEqual({
      group: 'apps',
      version: 'v1',
      resource: 'statefulsets',
      kind: 'StatefulSet',
      namespace: 'shop',
      name: 'db',
    })
    expect([ownerRef('Node/count', 'shop'), ownerRef('', 'shop')]).toEqual([null, null])
  })
})

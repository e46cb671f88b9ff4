import { describe, expect, it } from 'vitest'
import { EMPTY_FILTER, filterOf } from './filter.ts'
import { makePod } from './synthetic.ts'

describe('highlight', () => {
  const web = makePod({ slot: 0, namespace: 'shop', owner: 'Deployment/web', state: 4 })

  it('is off while nothing is chosen', () => {
    expect(filterOf(EMPTY_FILTER)).toBeNull()
  })

  it('lets a pod stand out when it meets every choice made', () => {
    expect(filterOf({ ...EMPTY_FILTER, namespace: 'shop' })?.(web)).toBe(true)
    expect(filterOf({ namespace: 'shop', owner: 'Deployment/web', state: 4 })?.(web)).toBe(true)
    expect(filterOf({ namespace: 'shop', owner: '', state: 0 })?.(web)).toBe(false)
  })
})

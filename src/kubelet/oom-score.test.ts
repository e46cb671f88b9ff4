import { expect, test } from 'vitest'
import type { Container, Pod } from '../apimachinery/generated/types.ts'
import { oomScore } from './oom-score.ts'

const pod = (qosClass: string): Pod => ({ metadata: {}, status: { qosClass } })
const asks = (memory: string): Container => ({ name: 'c', resources: { requests: { memory } } })

test('burstable containers by what they ask for, the others by their class', () => {
  expect(oomScore(pod('Guaranteed'), asks('1Gi'), 2 ** 32)).toBe(-997)
  expect(oomScore(pod('BestEffort'), { name: 'c' }, 2 ** 32)).toBe(1000)
  expect(oomScore(pod('Burstable'), asks('1Gi'), 2 ** 32)).toBe(750)
  expect(oomScore(pod('Burstable'), asks('1'), 2 ** 32)).toBe(999)
  expect(oomScore(pod('Burstable'), asks('4Gi'), 2 ** 32)).toBe(3)
})

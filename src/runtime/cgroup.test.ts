import { expect, test } from 'vitest'
import { cgroupFiles } from './cgroup.ts'

const files = (limits: Parameters<typeof cgroupFiles>[0]) => Object.fromEntries(cgroupFiles(limits))

test('limits as control groups have them', () => {
  expect(files({ memoryBytes: 0, cpuMilli: 0, cpuRequestMilli: 0 })).toEqual({
    'cpu.max': 'max 100000\n',
    'cpu.weight': '1\n',
    'memory.max': 'max\n',
  })
  expect(files({ memoryBytes: 1024, cpuMilli: 200, cpuRequestMilli: 100 })).toEqual({
    'cpu.max': '20000 100000\n',
    'cpu.weight': '4\n',
    'memory.max': '1024\n',
  })
})

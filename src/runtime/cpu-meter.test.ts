import { expect, test } from 'vitest'
import { CpuMeter } from './cpu-meter.ts'

test('answers wait for one another when the processors are busy', () => {
  const meter = new CpuMeter()
  expect(meter.burn(0, 50, 1)).toBe(50)
  expect(meter.burn(0, 50, 1)).toBe(100)
  expect(meter.burn(1000, 50, 0.5)).toBe(100)
  expect(meter.burn(2000, 50, 4)).toBe(50)
})

test('usage is that of the last whole window', () => {
  const meter = new CpuMeter()
  for (let i = 0; i < 15; i++) meter.burn(i * 1000, 200, 1)
  expect(meter.milli(14_999)).toBe(0)
  expect(meter.milli(15_000)).toBe(200)
  expect(meter.milli(30_000)).toBe(0)
})

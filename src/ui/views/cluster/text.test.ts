import { describe, expect, it } from 'vitest'
import { formatBytes, formatBytesOf, formatCpu, formatLeft, wrapName } from './text.ts'

describe('names on cells', () => {
  it('break after hyphens and are never cut short', () => {
    expect(wrapName('web-7d9c5b8f6d-x2x9q', 12, 3)).toEqual(['web-7d9c5b8f', '6d-x2x9q'])
    expect(wrapName('kube-controller-manager-control-plane', 24, 2)).toEqual(['kube-controller-manager-', 'control-plane'])
    expect(wrapName('kube-controller-manager-control-plane', 12, 2)).toBeNull()
    expect(wrapName('coredns', 12, 1)).toEqual(['coredns'])
  })
})

describe('quantities on bars', () => {
  it('are short', () => {
    expect([0, 512, 1536, 3.25 * 2 ** 30].map(formatBytes)).toEqual(['0', '512', '1.5Ki', '3.3Gi'])
    expect(formatBytesOf(512 * 2 ** 20, 8 * 2 ** 30)).toBe('0.5/8Gi')
    expect([0, 250, 1000, 1250, 4000].map(formatCpu)).toEqual(['0', '250m', '1', '1.3', '4'])
    expect([26_001, 125_000, -5].map(formatLeft)).toEqual(['27s', '2m5s', '0s'])
  })
})

import { describe, expect, test } from 'vitest'
import { POD_STATES } from '../protocol.ts'
import { podStateCode } from './pod-state.ts'

describe('podStateCode', () => {
  test.each([
    ['Running', 1, 1, true, 'ready'],
    ['Running', 1, 2, true, 'notReady'],
    ['Pending', 0, 1, false, 'pending'],
    ['Pending', 0, 1, true, 'starting'],
    ['ContainerCreating', 0, 1, true, 'starting'],
    ['Init:0/2', 0, 1, true, 'starting'],
    ['PodInitializing', 0, 1, true, 'starting'],
    ['CrashLoopBackOff', 0, 1, true, 'crash'],
    ['Error', 0, 1, true, 'crash'],
    ['Init:CrashLoopBackOff', 0, 1, true, 'crash'],
    ['Init:ExitCode:2', 0, 1, true, 'crash'],
    ['OOMKilled', 0, 1, true, 'crash'],
    ['ErrImagePull', 0, 1, true, 'image'],
    ['Init:ImagePullBackOff', 0, 1, true, 'image'],
    ['Terminating', 1, 1, true, 'terminating'],
    ['Completed', 0, 1, true, 'completed'],
    ['Evicted', 0, 1, true, 'failed'],
    ['Unknown', 0, 1, true, 'unknown'],
    ['SchedulingGated', 0, 1, false, 'pending'],
  ] as const)('%s %i/%i', (status, ready, containers, hasNode, state) => {
    expect(POD_STATES[podStateCode({ status, ready, containers, hasNode })]).toBe(state)
  })
})

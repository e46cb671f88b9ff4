import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { podInside } from './inside.ts'

describe('inside of a pod', () => {
  it('lists the sandbox, then init containers, sidecars and containers with kubectl words', () => {
    const pod = {
      metadata: { name: 'a' },
      spec: {
        initContainers: [
          { name: 'wait', image: 'busybox' },
          { name: 'proxy', image: 'envoy', restartPolicy: 'Always' },
        ],
        containers: [
          { name: 'app', image: 'app:1' },
          { name: 'log', image: 'nosuch' },
        ],
      },
      status: {
        initContainerStatuses: [
          { name: 'wait', restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
          { name: 'proxy', restartCount: 0, ready: true, state: { running: {} } },
        ],
        containerStatuses: [
          { name: 'app', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } },
          { name: 'log', restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } },
        ],
      },
    } as unknown as KubeObject
    expect(podInside(pod).map((box) => `${box.role} ${box.name} ${box.status} ${box.state} ${box.restarts}`)).toEqual([
      'pause pause Running 0 0',
      'init wait Completed 7 0',
      'sidecar proxy Running 0 0',
      'container app CrashLoopBackOff 4 3',
      'container log ImagePullBackOff 5 0',
    ])
    expect(podInside(null)).toEqual([])
  })
})

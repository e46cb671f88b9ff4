import { describe, expect, test } from 'vitest'
import type { Deployment, DeploymentStatus } from '../apimachinery/generated/types.ts'
import { deploymentStatus } from './rollout-status.ts'

const deployment = (status: DeploymentStatus): Deployment => ({
  metadata: { name: 'web', generation: 2 },
  spec: { replicas: 3, selector: {}, template: {} },
  status: { observedGeneration: 2, ...status },
})

describe('kubectl rollout status of a Deployment', () => {
  test.each<[DeploymentStatus, string, boolean]>([
    [{ observedGeneration: 1 }, 'Waiting for deployment spec update to be observed...', false],
    [
      { updatedReplicas: 1, replicas: 4 },
      'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...',
      false,
    ],
    [
      { updatedReplicas: 3, replicas: 4 },
      'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
      false,
    ],
    [
      { updatedReplicas: 3, replicas: 3, availableReplicas: 2 },
      'Waiting for deployment "web" rollout to finish: 2 of 3 updated replicas are available...',
      false,
    ],
    [{ updatedReplicas: 3, replicas: 3, availableReplicas: 3 }, 'deployment "web" successfully rolled out', true],
    [
      { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] },
      'error: deployment "web" exceeded its progress deadline',
      false,
    ],
  ])('%j', (status, message, done) => {
    expect(deploymentStatus(deployment(status))).toMatchObject({ message, done })
  })
})

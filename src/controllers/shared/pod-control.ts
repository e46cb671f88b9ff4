import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { pods } from '../../apimachinery/generated/resources.ts'
import type { OwnerReference, Pod, PodTemplateSpec } from '../../apimachinery/generated/types.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'

/** Whether a create was refused because its namespace is going away. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    (error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false)
  )
}

/** The pod that a controller makes from its template, not yet named. k8s 1.36: controller GetPodFromTemplate. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject, controller: OwnerReference): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const prefix = `${owner.metadata.name ?? ''}-`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: isDns1123Subdomain(`${owner.metadata.name ?? ''}a`).length === 0 ? prefix : owner.metadata.name,
      namespace: owner.metadata.namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers && finalizers.length > 0 ? { finalizers } : {}),
      ownerReferences: [controller],
    },
    spec: template.spec ?? { containers: [] },
  }
}

/** Creates and deletes the pods of a controller's objects and says so in events. k8s 1.36: controller RealPodControl. */
export class PodControl {
  private readonly client: Client
  private readonly recorder: EventRecorder

  constructor(client: Client, recorder: EventRecorder) {
    this.client = client
    this.recorder = recorder
  }

  /** Creates the pod for `owner`. Throws the refusal. */
  *create(pod: Pod, owner: KubeObject): Task<Pod> {
    try {
      const created = yield* this.client.create(pods, pod)
      this.recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`)
      return created
    } catch (error) {
      if (error instanceof StatusError && !isNamespaceTerminating(error))
        this.recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`)
      throw error
    }
  }

  /** Deletes a pod of `owner`. Throws NotFound as it is and other refusals as Requeue. */
  *delete(namespace: string, name: string, owner: KubeObject): Task {
    try {
      yield* this.client.delete(pods, namespace, name)
    } catch (error) {
      if (!(error instanceof StatusError) || isNotFound(error)) throw error
      this.recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`)
      throw new Requeue(`unable to delete pods: ${error.message}`)
    }
    this.recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  }
}

import type { Binding } from '../../apimachinery/generated/types.ts'
import { pods } from '../../apimachinery/generated/resources.ts'
import type { Plugin } from '../framework.ts'

/** Binds through the API: POST pods/{name}/binding. k8s 1.36: plugins/defaultbinder. */
export function defaultBinder(): Plugin {
  return {
    name: 'DefaultBinder',
    *bind(client, pod, nodeName) {
      const { namespace = '', name = '', uid } = pod.metadata
      yield* client.createSubresource(pods, namespace, name, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { namespace, name, uid },
        target: { kind: 'Node', name: nodeName },
      } as Binding)
    },
  }
}

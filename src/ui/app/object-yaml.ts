import type { ObjectView } from '../../worker/protocol.ts'
import type { FeedHub } from '../engine/hub.ts'
import type { ObjectRef } from '../state/selection.ts'

/** The object's YAML, once: as kubectl get -o yaml prints it. */
export function objectYaml(hub: FeedHub, { group, version, resource, namespace, name }: ObjectRef): Promise<string> {
  const request = { feed: 'object', group, version, resource, namespace, name } as const
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const { data, error } = hub.read(request)
      if (error !== '') {
        leave()
        reject(new Error(error))
        return
      }
      const view = data as ObjectView | undefined
      if (view === undefined) return
      leave()
      resolve(view.yaml)
    }
    const leave = hub.watch(request, look)
    look()
  })
}

import type { Plugin } from '../framework.ts'
import { MAX_NODE_SCORE } from '../framework.ts'

const MEBIBYTE = 1024 * 1024
const LEAST_BYTES = 23 * MEBIBYTE
const MOST_BYTES_PER_CONTAINER = 1000 * MEBIBYTE

/** 'nginx' as nodes list it: 'nginx:latest'. */
const withTag = (image: string) => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image)

/**
 * Prefers nodes that already have the pod's images, the more so the larger they are and the more nodes have them.
 * k8s 1.36: plugins/imagelocality.
 */
export function imageLocality(): Plugin {
  return {
    name: 'ImageLocality',
    preScore({ pod, snapshot }) {
      const { initContainers = [], containers = [], volumes = [] } = pod.pod.spec ?? {}
      const wanted = [
        ...initContainers.map((c) => c.image),
        ...containers.map((c) => c.image),
        ...volumes.map((v) => v.image?.reference),
      ]
      const most = MOST_BYTES_PER_CONTAINER * (initContainers.length + containers.length)
      const images = wanted.flatMap((image) => {
        const name = withTag(image ?? '')
        const state = image === undefined ? undefined : snapshot.images.get(name)
        if (!state) return []
        return [{ name, worth: Math.trunc(state.sizeBytes * (state.nodes.size / snapshot.nodes.length)) }]
      })
      if (images.length === 0) return { shareKey: '', score: () => 0 }
      return {
        shareKey: JSON.stringify([images, most]),
        score(node) {
          let sum = 0
          for (const { name, worth } of images) if (node.images.has(name)) sum += worth
          const bounded = Math.min(Math.max(sum, LEAST_BYTES), most)
          return Math.trunc((MAX_NODE_SCORE * (bounded - LEAST_BYTES)) / (most - LEAST_BYTES))
        },
      }
    },
  }
}

import { tagged, type Image } from '../image.ts'
import { untilTerminated } from '../program.ts'

/** The container that holds a pod's namespaces open. */
export const pause: Image = {
  repository: 'registry.k8s.io/pause',
  aliases: ['k8s.gcr.io/pause', 'gcr.io/google_containers/pause', 'registry.aliyuncs.com/google_containers/pause'],
  tags: tagged(/^3\.(\d|\d\.\d|1\d(\.\d)?)$/, 'latest', '2.0', '1.0'),
  layers: (tag) => [{ id: `pause:${tag}`, bytes: 320_368 }],
  entrypoint: ['/pause'],
  tools: 'none',
  programs: {
    *pause(system) {
      yield* untilTerminated(system)
      system.writeError('Shutting down, got signal: Terminated\n')
      return 0
    },
  },
}

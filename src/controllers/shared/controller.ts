import type { ControllerLoop } from '../../client/controller.ts'
import type { Controller } from '../context.ts'

/** A controller that consists of loops. `begin` and `end` run with start and stop. */
export function controllerFrom(
  name: string,
  loops: readonly ControllerLoop[],
  hooks: { readonly begin?: () => void; readonly end?: () => void } = {},
): Controller {
  return {
    name,
    loops,
    start() {
      hooks.begin?.()
      for (const loop of loops) loop.start()
    },
    stop() {
      for (const loop of loops) loop.stop()
      hooks.end?.()
    },
  }
}

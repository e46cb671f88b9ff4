import type { Image } from '../runtime/image.ts'
import { IMAGES } from '../runtime/images/catalog.ts'
import type { Program, ProgramTable, System } from '../runtime/program.ts'
import { sleep, type Task } from '../sim/task.ts'

/** What a cluster component does while its program runs in some container. */
export interface ComponentProcess {
  start(): void
  stop(): void
  /** Why the program ends at once (a configuration that it can't read): its last words. */
  refusal?(): string | undefined
}

/** Finds the component that a program stands for, given the machine (by its address) and the command line. */
export type ComponentFinder = (program: string, system: System) => ComponentProcess | undefined

/** From exec to work: reading the configuration, listing, warming caches. Milliseconds. */
const START_MS = 500

const COMPONENTS = [
  'etcd',
  'kube-controller-manager',
  'kube-scheduler',
  'flanneld',
  'netpol',
  'controller',
  'speaker',
  'csi-provisioner',
  'csi-attacher',
  'csi-resizer',
  'snapshot-controller',
  'csi-node-driver-registrar',
]

/**
 * The image catalogue with the cluster's own programs given life: while kube-scheduler's container runs, the scheduler
 * runs; when it is killed, nothing is scheduled any more. `others` take the place of programs of their names.
 */
export function componentImages(find: ComponentFinder, others: ProgramTable = {}): readonly Image[] {
  return IMAGES.map((image) => {
    const replaced = Object.keys(image.programs).filter((name) => others[name])
    if (replaced.length > 0)
      return {
        ...image,
        programs: { ...image.programs, ...Object.fromEntries(replaced.map((name) => [name, others[name] as Program])) },
      }
    const names = Object.keys(image.programs).filter((name) => COMPONENTS.includes(name))
    if (names.length === 0) return image
    const programs = Object.fromEntries(names.map((name) => [name, alive(name, image.programs[name] as Program, find)]))
    return { ...image, programs: { ...image.programs, ...programs } }
  })
}

function alive(name: string, program: Program, find: ComponentFinder): Program {
  return function* (system): Task<number> {
    const component = find(name, system)
    const refusal = component?.refusal?.()
    if (refusal !== undefined) {
      yield* sleep(START_MS)
      system.writeError(`${refusal}\n`)
      return 1
    }
    const starting = system.sim.spawn(delayedStart(component))
    try {
      return yield* program(system)
    } finally {
      starting.cancel()
      component?.stop()
    }
  }
}

function* delayedStart(component: ComponentProcess | undefined): Task {
  yield* sleep(START_MS)
  component?.start()
}

import type { Task } from '../../sim/task.ts'
import { runProgram, type System } from '../program.ts'

/** Placeholder until the evaluator is in. */
export function* shell(system: System): Task<number> {
  const words = (system.argv[2] ?? '').split(/\s+/)
  const program = system.find(words[0] ?? '')
  return program ? yield* runProgram(system.child(words), program) : 127
}

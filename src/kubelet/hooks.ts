/** postStart and preStop. Source: k8s 1.36 kubelet/lifecycle/handlers.go. */
import type { Container, LifecycleHandler, Pod } from '../apimachinery/generated/types.ts'
import { sleep, type Task } from '../sim/task.ts'
import { isCriError, type CriContainer, type RuntimeService } from './cri.ts'
import { formatPod } from './pod-facts.ts'

/** Runs a hook to its end; gives what went wrong, or undefined. */
export function* runHook(
  runtime: RuntimeService,
  pod: Pod,
  container: Container,
  cri: CriContainer,
  handler: LifecycleHandler,
): Task<string | undefined> {
  const where = `for Container "${container.name}" in Pod "${formatPod(pod)}" failed - error`
  if (handler.exec) {
    const command = handler.exec.command ?? []
    try {
      const result = yield* runtime.execSync(cri.id, command, 0)
      if (result.exitCode === 0) return undefined
      const error = `command '${command.join(' ')}' exited with ${result.exitCode}: ${result.output}`
      return `Exec lifecycle hook ([${command.join(' ')}]) ${where}: ${error}, message: ${JSON.stringify(result.output)}`
    } catch (error) {
      if (!isCriError(error)) throw error
      return `Exec lifecycle hook ([${command.join(' ')}]) ${where}: ${error.message}, message: ""`
    }
  }
  if (handler.httpGet) {
    const { port, path = '/', scheme } = handler.httpGet
    const number = typeof port === 'number' ? port : (container.ports?.find((p) => p.name === port)?.containerPort ?? 0)
    const protocol = scheme === 'HTTPS' ? 'https' : 'http'
    const answer = yield* runtime.request(cri.sandboxId, { protocol, port: number, path, headers: {}, timeoutMs: 30_000 })
    if (answer.kind === 'answer' && answer.status >= 0) return undefined
    return `HTTP lifecycle hook (${path}) ${where}: Get "${protocol}://:${number}${path}": connect: connection refused`
  }
  if (handler.sleep) yield* sleep(handler.sleep.seconds * 1000)
  return undefined
}

import { EngineGoneError } from '../engine/session.ts'
import { translate } from '../i18n/index.ts'
import { say } from '../state/status.ts'

/** For calls nobody waits for: a failure goes to the status line. */
export function reported(call: Promise<unknown>): void {
  call.catch((error: unknown) => {
    if (error instanceof EngineGoneError) say('warning', translate('shell:status.engineGone'))
    else say('error', error instanceof Error ? error.message : String(error))
  })
}

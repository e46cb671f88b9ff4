import { useEffect, useEffectEvent } from 'react'
import type { ClockState } from '../../worker/protocol.ts'
import { useSession } from '../engine/hooks.ts'
import type { EngineSession } from '../engine/session.ts'
import { useDialogs } from '../state/dialogs.ts'
import { useDraft } from '../state/draft.ts'
import { useLayout } from '../state/layout.ts'
import type { InspectorTab } from '../state/layout.ts'
import { useSelection } from '../state/selection.ts'
import { useSettings } from '../state/settings.ts'
import { VIEWS } from '../views/registry.ts'
import { commandFor } from './keys.ts'
import type { Command } from './keys.ts'
import { reported } from './report.ts'
import { isNarrow } from './use-narrow.ts'
import { objectYaml } from './object-yaml.ts'

/** Listens to the page's keys. An open dialog keeps them to itself. */
export function useKeys(): void {
  const session = useSession()
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || useDialogs.getState().open !== null) return
    const { key, ctrlKey, metaKey, altKey, target } = event
    const element = target instanceof HTMLElement ? target : null
    const inText =
      element !== null &&
      (element.isContentEditable || element.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=range])'))
    const onControl =
      element?.closest('button, a, summary, input, [role=treeitem], [role=option], [role=row]') !== null && element !== null
    const command = commandFor({ key, ctrlKey, metaKey, altKey, inText, onControl })
    if (command === null) return
    if (run(session, command)) event.preventDefault()
  })

  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event)
    addEventListener('keydown', listener)
    return () => removeEventListener('keydown', listener)
  }, [])
}

function showTab(inspectorTab: InspectorTab): boolean {
  if (useSelection.getState().selected === null) return false
  useLayout.getState().set({ inspectorTab, inspectorOpen: true })
  return true
}

/** Closes the uppermost thing that can be closed. */
function goBack(): boolean {
  const layout = useLayout.getState()
  const { selected, select } = useSelection.getState()
  if (layout.kindsSheet) layout.set({ kindsSheet: false })
  else if (selected !== null) select(null)
  else return false
  return true
}

/** Whether the command meant something now; else the key is left to the browser. */
function run(session: EngineSession, command: Command): boolean {
  const layout = useLayout.getState()
  const dialogs = useDialogs.getState()
  switch (command.type) {
    case 'view': {
      const view = VIEWS.find((entry) => entry.key === command.key)
      if (view !== undefined) layout.set({ view: view.id })
      return view !== undefined
    }
    case 'search':
    case 'kind':
    case 'help':
      dialogs.show(command.type)
      return true
    case 'back':
      return goBack()
    case 'play': {
      const clock = session.hub.read({ feed: 'clock' }).data as ClockState | undefined
      reported(clock?.running ? session.api.pause() : session.api.play())
      return true
    }
    case 'step':
      reported(session.api.step())
      return true
    case 'stepBack':
      reported(session.api.stepBack())
      return true
    case 'describe':
      return showTab('summary')
    case 'yaml':
    case 'events':
      return showTab(command.type)
    case 'edit':
      return editSelected(session)
    case 'enlarge':
      useSettings.getState().set({ enlarged: !useSettings.getState().enlarged })
      return true
    case 'kinds':
      if (isNarrow()) layout.set({ kindsSheet: !layout.kindsSheet })
      else document.querySelector<HTMLElement>('[role=tree] [tabindex="0"]')?.focus()
      return true
    case 'dock':
      layout.set({ dockOpen: !layout.dockOpen })
      return true
  }
}

function editSelected(session: EngineSession): boolean {
  const { selected } = useSelection.getState()
  if (selected === null) return false
  reported(
    objectYaml(session.hub, selected).then((yaml) => {
      useDraft.getState().load(yaml)
      useLayout.getState().openDock('yaml')
    }),
  )
  return true
}

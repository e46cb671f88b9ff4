import { useEffect, useEffectEvent, useRef, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { useDraft } from '../state/draft.ts'
import { say } from '../state/status.ts'
import { useSettings } from '../state/settings.ts'
import styles from './EditorPanel.module.css'
import type { EditorHandle, Problem } from './monaco.ts'

interface CodeFieldProps {
  readonly problems: readonly Problem[]
  readonly onApply: () => void
  /** Hands out the way to a line; again when it changes. */
  readonly onReady: (goTo: (line: number) => void) => void
}

/** The text itself: a plain text area until someone is about to write, then Monaco with the same text and caret. */
export function CodeField({ problems, onApply, onReady }: CodeFieldProps) {
  const { t } = useTranslation('editor')
  const area = useRef<HTMLTextAreaElement>(null)
  const host = useRef<HTMLDivElement>(null)
  const [wanted, setWanted] = useState(false)
  const editor = useMonaco(wanted, host, area, onApply)
  const { text, edit, loaded } = useDraft()
  useEffect(() => editor?.setProblems(problems), [editor, problems])
  useEffect(() => {
    if (loaded > 0) editor?.setText(useDraft.getState().text)
  }, [editor, loaded])
  useEffect(() => {
    onReady((line) => (editor ? editor.goTo(line) : selectLine(area.current, line)))
  }, [editor, onReady])
  return (
    <div className={styles.code} onPointerEnter={() => setWanted(true)} onFocus={() => setWanted(true)}>
      <div ref={host} className={styles.host} hidden={!editor} />
      {!editor && (
        <textarea
          ref={area}
          className={styles.plain}
          aria-label={t('name')}
          placeholder={t('placeholder')}
          spellCheck={false}
          autoCapitalize="off"
          value={text}
          onChange={(event) => edit(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            onApply()
          }}
        />
      )}
    </div>
  )
}

/** Loads Monaco when it is wanted; undefined until it has taken over. A failed load leaves the text area in place. */
function useMonaco(
  wanted: boolean,
  host: RefObject<HTMLDivElement | null>,
  area: RefObject<HTMLTextAreaElement | null>,
  onApply: () => void,
): EditorHandle | undefined {
  const { t, i18n } = useTranslation('editor')
  const [editor, setEditor] = useState<EditorHandle>()
  const apply = useEffectEvent(onApply)
  const takeFocus = useRef(false)
  const dark = useSettings((state) => state.darkNow)
  const enlarged = useSettings((state) => state.enlarged)
  useEffect(() => {
    if (!wanted) return
    let made: EditorHandle | undefined
    let left = false
    const load = async (): Promise<void> => {
      const monaco = await import('./monaco.ts')
      await monaco.prepare()
      if (left || !host.current) return
      const { text, edit } = useDraft.getState()
      const focused = document.activeElement === area.current && area.current !== null
      const offset = area.current?.selectionStart ?? 0
      monaco.applyTheme(useSettings.getState().darkNow)
      made = monaco.createEditor(host.current, { text, offset, label: t('name'), onChange: edit, onApply: () => apply() })
      takeFocus.current = focused
      setEditor(made)
    }
    load().catch((error: unknown) =>
      say('warning', `${t('monacoFailed')} (${error instanceof Error ? error.message : String(error)})`),
    )
    return () => {
      left = true
      made?.dispose()
      setEditor(undefined)
    }
    // The label follows the language.
  }, [wanted, host, area, t, i18n.language, enlarged])
  useEffect(() => {
    // Only now is it shown: a hidden element takes no focus.
    if (editor && takeFocus.current) editor.focus()
  }, [editor])
  useEffect(() => {
    if (!editor) return
    const id = requestAnimationFrame(() => void import('./monaco.ts').then((monaco) => monaco.applyTheme(dark)))
    return () => cancelAnimationFrame(id)
  }, [editor, dark])
  return editor
}

function selectLine(area: HTMLTextAreaElement | null, line: number): void {
  if (!area) return
  const lines = area.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  area.focus()
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
}

import type { Diagnostic, Place } from '../model/diagnostic.ts';
import type { ProjectFiles, ProjectTemplate } from '../model/project.ts';
import { type Entries, nameOf } from './entries.ts';
import { complain } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

const namesMax = 60;

const placeOf = ({ file, text }: ProjectTemplate): Place => ({
  file,
  line: 1,
  column: 1,
  endColumn: 2,
  text: text.split('\n')[0] ?? '',
});

/** A template that takes the place of none: nothing would ever be rendered from it. */
export const templateMistakes = (files: ProjectFiles, entries: Entries): readonly Diagnostic[] =>
  files.ownTemplates.flatMap((template) => [
    ...unknownTemplate(files, template),
    ...unknownMapping(entries, template),
  ]);

function unknownTemplate({ templates }: ProjectFiles, template: ProjectTemplate): readonly Diagnostic[] {
  const { dialect, name } = template;
  if (Object.hasOwn(templates, `${dialect}/${name}`)) return [];
  const names = Object.keys(templates)
    .filter((one) => one.startsWith(`${dialect}/`))
    .map((one) => one.slice(dialect.length + 1));
  return [
    complain('ETL0257', placeOf(template), `there is no template \`${name}\` of ${dialect} to replace`, {
      label: didYouMean(name.replace(/\.(sql|hbs)$/, ''), names),
      help: [`A file is called NAME.sql.hbs, and NAME is one of: ${listText(names, namesMax)}.`],
    }),
  ];
}

function unknownMapping({ mappings, unread }: Entries, template: ProjectTemplate): readonly Diagnostic[] {
  const { mapping } = template;
  const names = mappings.flatMap((entry) => nameOf(entry) ?? []);
  if (mapping === undefined || names.includes(mapping) || unread.length > 0) return [];
  return [
    complain(
      'ETL0257',
      placeOf(template),
      `there is no mapping \`${mapping}\`, whose template this would be`,
      {
        label: didYouMean(mapping, names),
        help: [`mappings: ${listText(names)}`],
      },
    ),
  ];
}

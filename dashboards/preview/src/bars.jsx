// Bars side by side for each row of a frame, as Grafana's bar chart has them: named by one field, one colour a field.
import { FieldType, formattedValueToString, getFieldDisplayName, getFieldSeriesColor } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';

const AXIS = 60;
const LABELS = 20;
const LEGEND = 24;
const TICKS = 4;

function shown(field, value) {
  return formattedValueToString(field.display(value));
}

/** The field that names the rows, and those that have a bar in each. */
function fields(frame, xField) {
  const named = frame.fields.map((field) => ({ field, name: getFieldDisplayName(field, frame) }));
  const names = named.find(({ name }) => name === xField).field;
  return { names, sides: named.filter(({ field }) => field !== names && field.type === FieldType.number) };
}

function Axis({ field, top, height }) {
  const theme = useTheme2();
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (top * index) / TICKS);
  return ticks.map((value) => (
    <div
      key={value}
      style={{
        position: 'absolute',
        left: 0,
        right: 0,
        top: height - (height * value) / top,
        borderTop: `1px solid ${theme.colors.border.weak}`,
      }}
    >
      {shown(field, value)}
    </div>
  ));
}

function Legend({ sides }) {
  const theme = useTheme2();
  return (
    <div style={{ height: LEGEND, display: 'flex', gap: 16 }}>
      {sides.map(({ field, name }) => (
        <span key={name}>
          <span style={{ color: getFieldSeriesColor(field, theme).color }}>■</span> {name}
        </span>
      ))}
    </div>
  );
}

export function Bars({ data, options, width, height }) {
  const theme = useTheme2();
  const [frame] = data.series;
  const { names, sides } = fields(frame, options.xField);
  const top = Math.max(...sides.flatMap(({ field }) => field.values.map((value) => value ?? 0))) || 1;
  const room = { width: width - AXIS, height: height - LABELS - LEGEND };
  const group = room.width / frame.length;
  const every = Math.ceil(options.xTickLabelSpacing / group);
  const bar = (group * options.groupWidth) / sides.length;
  return (
    <div data-drawn style={{ width, height, position: 'relative', fontSize: theme.typography.bodySmall.fontSize }}>
      <div style={{ height: room.height + LABELS, position: 'relative' }}>
        <Axis field={sides[0].field} top={top} height={room.height} />
        {names.values.map((value, row) => (
          <div key={value} style={{ position: 'absolute', left: AXIS + row * group, height: room.height }}>
            {sides.map(({ field, name }, index) => (
              <div
                key={name}
                style={{
                  position: 'absolute',
                  bottom: 0,
                  left: index * bar,
                  width: bar * options.barWidth,
                  height: (room.height * (field.values[row] ?? 0)) / top,
                  background: getFieldSeriesColor(field, theme).color,
                }}
              />
            ))}
            <div style={{ position: 'absolute', top: room.height }}>{row % every ? '' : shown(names, value)}</div>
          </div>
        ))}
      </div>
      <Legend sides={sides} />
    </div>
  );
}

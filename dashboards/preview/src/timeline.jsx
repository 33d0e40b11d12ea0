// One band a series, as Grafana's state timeline has it: equal neighbours merged, coloured and labelled by the mapping.
import { dateTimeFormat, getFieldDisplayName } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';

const AXIS = 20;
const TICKS = 6;

/** Stretches of one value: [{value, from, to}], milliseconds. A gap longer than two steps stays a gap. */
function stretches(times, values) {
  const step = times.length > 1 ? Math.min(...times.slice(1).map((time, index) => time - times[index])) : 15000;
  const found = [];
  times.forEach((time, index) => {
    const last = found.at(-1);
    if (last && last.value === values[index] && time - last.to <= 2 * step) last.to = time + step;
    else found.push({ value: values[index], from: time, to: time + step });
  });
  return found;
}

function bands(frames) {
  return frames.map((frame) => {
    const [time, field] = frame.fields;
    return { name: getFieldDisplayName(field, frame, frames), field, parts: stretches(time.values, field.values) };
  });
}

function Part({ part, field, at, height }) {
  const theme = useTheme2();
  const { text, color } = field.display(part.value);
  const style = {
    position: 'absolute',
    left: `${at(part.from)}%`,
    width: `${at(part.to) - at(part.from)}%`,
    height,
    padding: '0 6px',
    lineHeight: `${height}px`,
    background: color,
    color: theme.colors.getContrastText(color),
    overflow: 'hidden',
  };
  return <div style={style}>{text}</div>;
}

export function Timeline({ data, options, timeRange, timeZone, width, height }) {
  const theme = useTheme2();
  const [from, to] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const at = (time) => (100 * (Math.min(Math.max(time, from), to) - from)) / (to - from);
  const rows = bands(data.series);
  const rowHeight = (height - AXIS) / rows.length;
  const label = Math.max(...rows.map(({ name }) => name.length)) * 7 + 12;
  const ticks = Array.from({ length: TICKS }, (_, index) => from + ((index + 0.5) * (to - from)) / TICKS);
  const small = { fontSize: theme.typography.bodySmall.fontSize };
  return (
    <div data-drawn style={{ width, height, ...small }}>
      {rows.map(({ name, field, parts }) => (
        <div key={name} style={{ display: 'flex', height: rowHeight, alignItems: 'center' }}>
          <div style={{ width: label }}>{name}</div>
          <div style={{ position: 'relative', flex: 1, height: rowHeight * options.rowHeight }}>
            {parts.map((part) => (
              <Part key={part.from} part={part} field={field} at={at} height={rowHeight * options.rowHeight} />
            ))}
          </div>
        </div>
      ))}
      <div style={{ position: 'relative', marginLeft: label, height: AXIS, color: theme.colors.text.secondary }}>
        {ticks.map((time) => (
          <span key={time} style={{ position: 'absolute', left: `${at(time)}%`, transform: 'translateX(-50%)' }}>
            {dateTimeFormat(time, { format: 'HH:mm:ss', timeZone })}
          </span>
        ))}
      </div>
    </div>
  );
}

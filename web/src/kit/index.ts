// What pages are made of. The component library is behind this door, so that it can be exchanged or adjusted in one
// place.
export {
  Alert,
  AutoComplete,
  Badge,
  Button,
  Card,
  Cascader,
  Checkbox,
  Col,
  Collapse,
  DatePicker,
  Descriptions,
  Divider,
  Drawer,
  Dropdown,
  Flex,
  Form,
  Input,
  InputNumber,
  List,
  Modal,
  Pagination,
  Popconfirm,
  Popover,
  Progress,
  Radio,
  Result,
  Row,
  Segmented,
  Select,
  Skeleton,
  Slider,
  Space,
  Spin,
  Splitter,
  Statistic,
  Steps,
  Switch,
  Table,
  Tabs,
  Tag,
  Timeline,
  Tooltip,
  Tree,
  Typography,
  Upload,
} from 'antd';
export type { TableProps, UploadProps, FormInstance, MenuProps } from 'antd';
export * as icons from './icons';
export { Page } from './Page';
export type { Crumb } from './Page';
export { PageLink } from './PageLink';
export { ResourceTable } from './ResourceTable';
export type { Column } from './ResourceTable';
export { Facts } from './Facts';
export type { Fact } from './Facts';
export { Status } from './Status';
export type { Tone } from './Status';
export { CopyButton, Id, copyText } from './Copy';
export { CodeBlock } from './CodeBlock';
export { CodeEditor } from './CodeEditor';
export type { CodeMark } from './CodeEditor';
export { jsonPlaces, lineOf, placeOf } from './jsonPlaces';
export type { JsonPlaces } from './jsonPlaces';
export { TextDiff } from './TextDiff';
export { Danger } from './danger';
export { Empty } from './Empty';
export { FailureNote, sentenceOf } from './Failure';
export { GuardedButton } from './Guarded';
export { Secret } from './Secret';
export { Time, clockTime, exact, relative, spanText, useNow } from './Time';
export { bytes, count, decimal, percent, perSecond } from './numbers';
export { DeviceSelect } from './DeviceSelect';
export { ModelForm } from './ModelForm';
export type { ModelFormProps } from './ModelForm';
export {
  checkValue,
  checkValues,
  mayControl,
  mayReport,
  readModel,
  shownValue,
  startValues,
} from './thingModel';
export type {
  DataType,
  Finding,
  ModelAction,
  ModelEvent,
  ModelField,
  ThingModel,
  Values,
} from './thingModel';
export { notice } from './notice';
export { useAddress, useGo, usePathValues } from './address';
export { Meter } from './Meter';
export { ProductSelect } from './ProductSelect';
export type { FoundProduct } from './ProductSelect';
export { QrCode } from './QrCode';
export { csvText, readCsv } from './csv';
export { NumberCard } from './NumberCard';
export type { NumberCardProps } from './NumberCard';
export { Chart } from './chart/Chart';
export type { ChartProps } from './chart/Chart';
export type { ChartData, ChartStyle, Series } from './chart/option';
export type { CsvRow } from './csv';
export { here, saveFrom, saveText } from './files';
export { LiveTail, everything, kinds } from './tail';
export type { Kind, LiveTailProps, LogRow, TailFilter, TailHistory, TailPage } from './tail';

"""Reads a module's syntax tree, not its letters: comments and strings that only speak of a thing are no findings."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from . import topic as topics
from .names import Names
from .topic import Finding, Topic

_CALLS: dict[str, Topic] = {
    "inspect.getsource": topics.SOURCE,
    "inspect.getsourcelines": topics.SOURCE,
    "inspect.getsourcefile": topics.SOURCE,
    "inspect.findsource": topics.SOURCE,
    "torchaudio.load": topics.TORCHAUDIO,
    "torchaudio.save": topics.TORCHAUDIO,
    "torchaudio.info": topics.TORCHAUDIO,
    "pickle.load": topics.PICKLES,
    "pickle.loads": topics.PICKLES,
    "joblib.load": topics.PICKLES,
    "ctypes.CDLL": topics.NATIVE,
    "ctypes.cdll.LoadLibrary": topics.NATIVE,
    "ctypes.util.find_library": topics.NATIVE,
    "pkgutil.get_data": topics.DATA,
    "nltk.download": topics.DOWNLOADS,
    "spacy.cli.download": topics.DOWNLOADS,
    "torch.hub.load": topics.DOWNLOADS,
    "torch.hub.load_state_dict_from_url": topics.DOWNLOADS,
    "urllib.request.urlretrieve": topics.DOWNLOADS,
    "gdown.download": topics.DOWNLOADS,
    "huggingface_hub.hf_hub_download": topics.DOWNLOADS,
    "huggingface_hub.snapshot_download": topics.DOWNLOADS,
    "torch.set_default_dtype": topics.GLOBALS,
    "torch.set_default_device": topics.GLOBALS,
    "torch.set_default_tensor_type": topics.GLOBALS,
    "torch.set_num_threads": topics.GLOBALS,
    "torch.manual_seed": topics.GLOBALS,
    "numpy.random.seed": topics.GLOBALS,
    "random.seed": topics.GLOBALS,
    "logging.basicConfig": topics.GLOBALS,
    "eval": topics.REMOTE_CODE,
    "exec": topics.REMOTE_CODE,
}

_NAMES: dict[str, Topic] = {
    "torch.jit.script": topics.SCRIPT,
    "torch.jit.script_if_tracing": topics.SCRIPT,
    "torch.jit.script_method": topics.SCRIPT,
    "typeguard.typechecked": topics.SOURCE,
    "torch.float64": topics.FLOAT64,
    "torch.double": topics.FLOAT64,
    "numpy.float64": topics.FLOAT64,
    "numpy.double": topics.FLOAT64,
    "__file__": topics.DATA,
}
"""What counts also where it is not called: a decorator, a type."""

_MODULES: dict[str, Topic] = {
    "typeguard": topics.SOURCE,
    "pkg_resources": topics.METADATA,
    "importlib.metadata": topics.METADATA,
    "importlib_metadata": topics.METADATA,
    "importlib.resources": topics.DATA,
    "importlib_resources": topics.DATA,
    "lazy_loader": topics.DATA,
    "torchaudio": topics.TORCHAUDIO_IMPORT,
}

_GATED = re.compile(
    r"\b((meta-llama|pyannote|fishaudio|black-forest-labs)/[\w.-]+|google/(gemma|paligemma)[\w.-]*"
    r"|kyutai/pocket-tts\b(?!-)|sesame/csm-1b|canopylabs/orpheus[\w.-]*|ai4bharat/indic-parler-tts)"
)
_ON_THE_HUB = re.compile(r"(?:hf://|https?://(?:huggingface\.co|hf\.co)/)([\w.-]+/[\w.-]+)")
_SYSTEM = re.compile(r"/(usr|opt|etc|lib|lib64|Library|var/lib)/\S+")
_NATIVE_NAMES = re.compile(r"(^|/)(lib[\w+-]+\.(so|dylib)(\.\d+)*|[\w-]+\.dll|espeak-ng-data)$")
_TOKEN_NAMES = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN"}
_TO_FLOAT = {"float", "to", "half", "type", "bfloat16", "type_as", "long", "int"}


def scan_data(text: str, place: str) -> Iterator[Finding]:
    """The findings in a file of settings: repositories that it names."""
    seen = set()
    for number, line in enumerate(text.splitlines(), 1):
        for topic, pattern in ((topics.GATED, _GATED), (topics.DOWNLOADS, _ON_THE_HUB)):
            if (found := pattern.search(line)) and (topic, found[1]) not in seen:
                seen.add((topic, found[1]))
                yield Finding(topic, f"{place}:{number}", found[1])


def scan(source: str, place: str) -> Iterator[Finding]:
    """The findings in a module's source."""
    try:
        with warnings.catch_warnings():
            # What the author's escapes are worth is not the question.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    seen = set()
    for topic, node, what in _Scanner(tree).findings():
        finding = Finding(topic, f"{place}:{getattr(node, 'lineno', 1)}", what)
        if finding not in seen:
            seen.add(finding)
            yield finding


Found = tuple[Topic, ast.AST, str]


class _Scanner:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._names = Names(tree)
        self._parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self._top = set(tree.body)

    def findings(self) -> Iterator[Found]:
        """Everything, from the top to the bottom."""
        for node in ast.walk(self._tree):
            match node:
                case ast.Call():
                    yield from self._call(node)
                case ast.Import():
                    yield from (self._module(node, alias.name) for alias in node.names if _topic_of(alias.name))
                case ast.ImportFrom(module=str(module), level=0):
                    names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
                    yield from (self._module(node, name) for name in names[:1] if _topic_of(name))
                    yield from (
                        self._module(node, name) for name in names[1:] if not _topic_of(module) and _topic_of(name)
                    )
                case ast.Name() | ast.Attribute():
                    yield from self._name(node)
                case ast.Constant(value=str(text)):
                    yield from self._text(node, text)
                case ast.Assign():
                    yield from self._assignment(node)

    def _module(self, node: ast.AST, name: str) -> Found:
        topic = _topic_of(name)
        assert topic
        return topic, node, f"imports {name}"

    def _name(self, node: ast.AST) -> Iterator[Found]:
        name = _plain(self._names.of(node))
        if (topic := _NAMES.get(name)) and not isinstance(self._parents.get(node), ast.Attribute):
            yield topic, node, name

    def _call(self, node: ast.Call) -> Iterator[Found]:
        name = _plain(self._names.of(node.func))
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in _CALLS:
            yield _CALLS[name], node, f"{name}()"
        if name == "torch.load":
            # The second argument is map_location; **options may have it.
            if len(node.args) < 2 and "map_location" not in given and None not in given:
                yield topics.MAP_LOCATION, node, "torch.load() has no map_location"
            if _is(given.get("weights_only"), False):
                yield topics.PICKLES, node, "torch.load(weights_only=False)"
        for key in ("token", "use_auth_token"):
            if _is(given.get(key), True):
                yield topics.TOKEN, node, f"{key}=True"
            elif key in given and (variable := self._token_variable(given[key])):
                yield topics.TOKEN, node, f"{key} from {variable}"
        if _is(given.get("trust_remote_code"), True):
            yield topics.REMOTE_CODE, node, "trust_remote_code=True"
        yield from self._method(node, name)

    def _method(self, node: ast.Call, name: str) -> Iterator[Found]:
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if attribute == "cuda" and not name:
            yield topics.DEVICE, node, ".cuda()"
        elif attribute == "to" and isinstance(first, str) and first.startswith("cuda"):
            yield topics.DEVICE, node, f".to({first!r})"
        elif attribute == "double" and not node.args:
            yield topics.FLOAT64, node, ".double()"
        elif attribute == "from_pretrained" and isinstance(first, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", first):
            yield topics.DOWNLOADS, node, f"from_pretrained({first!r})"
        elif name == "torch.from_numpy" and not self._is_converted(node):
            yield topics.FLOAT64, node, "torch.from_numpy() keeps the type that it gets"

    def _is_converted(self, node: ast.Call) -> bool:
        """Whether a type is set further along the chain of calls, or in what is given."""
        given = node.args[0] if node.args else None
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "astype":
            return True
        step = self._parents.get(node)
        while isinstance(step, ast.Attribute | ast.Call):
            if isinstance(step, ast.Attribute) and step.attr in _TO_FLOAT:
                return True
            step = self._parents.get(step)
        return False

    def _token_variable(self, node: ast.AST) -> str:
        """The environment variable that an expression reads a token from."""
        texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
        return next((str(text) for text in texts if text in _TOKEN_NAMES), "")

    def _text(self, node: ast.Constant, text: str) -> Iterator[Found]:
        if len(text) > 300 or isinstance(self._parents.get(node), ast.Expr):
            # A docstring.
            return
        if _GATED.fullmatch(text):
            yield topics.GATED, node, text
        elif _SYSTEM.fullmatch(text) or _NATIVE_NAMES.search(text):
            yield topics.NATIVE, node, text
        elif text == "float64":
            yield topics.FLOAT64, node, "'float64'"

    def _assignment(self, node: ast.Assign) -> Iterator[Found]:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                name = self._names.of(target.value)
                if name == "os.environ" and node in self._top:
                    yield topics.GLOBALS, node, f"sets {ast.unparse(target)} when it is imported"
                elif name.startswith("transformers.") or name.endswith(".ROPE_INIT_FUNCTIONS"):
                    yield topics.GLOBALS, node, f"changes {name}"
            elif isinstance(target, ast.Attribute):
                name = self._names.of(target)
                if name.startswith(("torch.backends.", "sys.modules", "transformers.")):
                    yield topics.GLOBALS, node, f"sets {name}"


def _topic_of(module: str) -> Topic | None:
    """The topic of a module, or of one that it is in."""
    return next((topic for name, topic in _MODULES.items() if f"{module}.".startswith(f"{name}.")), None)


def _plain(name: str) -> str:
    """A name without the parts that differ from one import to the other."""
    return name.replace("huggingface_hub.file_download.", "huggingface_hub.")


def _is(node: ast.AST | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value

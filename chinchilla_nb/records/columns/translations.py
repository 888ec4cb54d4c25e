"""English words for those that headers in other languages use."""

from __future__ import annotations

import unicodedata

__all__ = ["without_accents", "word_in_english"]

_WORDS = {
    "model size": "modellgröße 模型大小 模型规模 モデルサイズ",
    "parameters": "parameteranzahl parameterzahl modellparameter parametre parametres parametros parametri parametrow "
    "parametry параметры параметров параметр "
    "参数 参数量 模型参数 模型参数量 參數 參數量 パラメータ パラメータ数 매개변수 파라미터",
    "loss": "verlust perte perdida perdita perda verlies strata потери потеря лосс 损失 損失 손실",
    "tokens": "jetons jeton fichas token tokeny токены токенов 词元 標記 トークン トークン数 토큰",
    "compute": "rechenaufwand rechenleistung calcul computo calcolo вычисления 计算量 計算量 연산량",
    "validation": "validierung validierungs validacion validazione validacao valide валидация 验证 検証 驗證 검증",
    "train": "entrainement apprentissage entrenamiento addestramento treinamento treino обучение 训练 訓練 学習 훈련",
    "validation loss": "validierungsverlust validationsverlust 验证损失 验证集损失 驗證損失 検証損失",
    "train loss": "trainingsverlust 训练损失 训练集损失 訓練損失 学習損失",
    "test loss": "testverlust 测试损失 测试集损失 測試損失 テスト損失",
    "training data": "trainingsdaten datenmenge 训练数据",
    "train tokens": "trainingstokens trainingstoken 训练词元 学習トークン数 訓練トークン数",
    "n": "anzahl anzahlder nombre numero numer число количество 数量 数",
    "of": "de des du der die von da do di",
}


def word_in_english(word: str) -> list[str]:
    """Return the English words for one that a header uses: itself if it is English or unknown."""
    return _ENGLISH.get(word, word).split()


def without_accents(text: str) -> str:
    """Return a text without the accents of its letters."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(part for part in parts if unicodedata.category(part) != "Mn"))


_ENGLISH = {without_accents(foreign): english for english, words in _WORDS.items() for foreign in words.split()}
